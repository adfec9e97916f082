namespace Skein.Agent.Permissions;

/// <summary>
/// Files that something runs or obeys later, outside of the permissions that hold now: changing one is asked for in every mode. Names are
/// compared without case, since some file systems do.
/// </summary>
internal static class LaterRun
{
    private static readonly HashSet<string> s_folders = new(StringComparer.OrdinalIgnoreCase)
    {
        ".git", ".skein", ".agents", ".claude", ".codex", ".opencode", ".husky", ".ssh",
    };

    private static readonly HashSet<string> s_files = new(StringComparer.OrdinalIgnoreCase)
    {
        "skein.json", ".mcp.json", "AGENTS.md", "CLAUDE.md", ".gitconfig", ".envrc",
        ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".inputrc",
        ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".cshrc", ".tcshrc", ".login", ".logout", ".xprofile",
        ".xinitrc", ".xsession", ".xsessionrc", "config.fish", ".pam_environment", "crontab",
    };

    // Below `.config`, where names alone do not tell: git's configuration and hooks, fish's conf.d and functions.
    private static readonly HashSet<string> s_configured = new(StringComparer.OrdinalIgnoreCase) { "git", "fish", "environment.d" };

    /// <param name="subject">A path, relative or absolute.</param>
    public static bool Covers(string subject)
    {
        var names = subject.Split('/');
        return s_files.Contains(names[^1]) || names.Any(s_folders.Contains)
            || names.Zip(names.Skip(1)).Any(static pair =>
                string.Equals(pair.First, ".config", StringComparison.OrdinalIgnoreCase) && s_configured.Contains(pair.Second));
    }
}
