namespace Skein.Sandbox.Confining;

/// <summary>
/// What in a writable folder is run or obeyed later, outside of the sandbox, by git, by Skein or by other agents: it can be read only.
/// A folder that holds such a thing is mounted onto itself, so that it cannot be moved away and replaced.
/// </summary>
internal static class GuardedFiles
{
    private static readonly string[] s_obeyed =
        ["skein.json", ".skein", ".mcp.json", ".agents", ".claude", ".codex", ".cursor", ".vscode", ".envrc", "AGENTS.md", "CLAUDE.md"];

    private static readonly string[] s_ofGit = ["hooks", "config", "config.worktree", "modules"];

    public static IEnumerable<string> Mounts(string folder) =>
        !Directory.Exists(folder) ? [] : Names(folder).Where(Path.Exists).SelectMany(ReadOnly).Concat(Repositories(folder).SelectMany(Git));

    /// <summary>What agents and editors obey in a folder, whether it is there or not.</summary>
    public static IEnumerable<string> Names(string folder) => s_obeyed.Select(name => Path.Combine(folder, name));

    // Its own, and those in folders directly below it: looking through all of a large tree at every command would cost more than it holds.
    private static IEnumerable<string> Repositories(string folder) =>
        Directory.EnumerateDirectories(folder).Where(static f => new DirectoryInfo(f).LinkTarget is null).Prepend(folder)
            .Select(static f => Path.Combine(f, ".git")).Where(Path.Exists);

    /// <summary>A folder of git's own: writable but for what it runs and obeys.</summary>
    public static IEnumerable<string> Git(string git)
    {
        var parts = s_ofGit.Select(name => Path.Combine(git, name)).ToList();
        if (!Directory.Exists(git) || IsLink(git) || parts.Any(IsLink))
            return ReadOnly(git);

        MakeHooks(parts[0]);
        return ["--bind", git, git, .. parts.Where(Path.Exists).SelectMany(ReadOnly)];
    }

    private static void MakeHooks(string hooks)
    {
        try
        {
            Directory.CreateDirectory(hooks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where the user cannot make it, a command in the sandbox cannot either.
        }
    }

    // What a link leads to is either not in the sandbox, or guarded where it lies; the link itself cannot be mounted over.
    private static IEnumerable<string> ReadOnly(string path) => IsLink(path) ? [] : ["--ro-bind", path, path];

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;
}
