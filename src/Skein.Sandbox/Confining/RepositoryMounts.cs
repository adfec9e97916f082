using System.Text.RegularExpressions;

namespace Skein.Sandbox.Confining;

/// <summary>
/// What git needs of outside of a workspace that is a part of a repository: a folder of it, a further work tree, a submodule. What the
/// workspace says of its repository is believed only where the repository says the same of the workspace: a file in it could name any folder.
/// </summary>
/// <param name="Around">The work tree that the workspace lies in, to be read; null: it is the workspace itself, or there is none.</param>
/// <param name="Git">The folder that holds history and index, where it is outside of the workspace; null: there is none.</param>
internal sealed partial record RepositoryMounts(string? Around, string? Git)
{
    private const int LargestPointer = 4096;

    private static readonly RepositoryMounts s_none = new(null, null);

    /// <param name="workspace">Absolute, without links.</param>
    /// <param name="userHome">A repository that holds it, or all of the system, is not opened for a folder of it.</param>
    public static RepositoryMounts Of(string workspace, string userHome)
    {
        try
        {
            if (RootOf(workspace) is not { } root || RealPath.IsWithin(root, RealPath.Of(userHome)) || root == Path.GetPathRoot(root))
                return s_none;

            var git = Path.Combine(root, ".git");
            var around = root == workspace ? null : root;
            if (Directory.Exists(git))
                return around is null || !IsRepository(git) ? s_none : new RepositoryMounts(around, git);
            return Pointed(git) is { } target && (CommonOfWorkTree(target, git) ?? OfSubmodule(target, root)) is { } real
                ? new RepositoryMounts(around, real)
                : s_none;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be looked at is not opened.
            return s_none;
        }
    }

    private static string? RootOf(string folder)
    {
        for (var root = folder; root is not null; root = Path.GetDirectoryName(root))
        {
            // A link could lead anywhere.
            if (new FileInfo(Path.Combine(root, ".git")) is { LinkTarget: null } git && (git.Exists || Directory.Exists(git.FullName)))
                return root;
        }

        return null;
    }

    private static string? Pointed(string file)
    {
        var said = Read(file);
        return said.StartsWith("gitdir: ", StringComparison.Ordinal) ? RealPath.Of(Path.GetFullPath(said[8..], Path.GetDirectoryName(file)!)) : null;
    }

    // `<common>/worktrees/<name>`, whose file `gitdir` names the work tree's `.git`.
    private static string? CommonOfWorkTree(string target, string file)
    {
        if (Path.GetDirectoryName(target) is not { } parent || Path.GetFileName(parent) != "worktrees" || Path.GetDirectoryName(parent) is not { } common)
            return null;

        var back = Path.Combine(target, "gitdir");
        return File.Exists(back) && Path.GetFullPath(Read(back), target) == file && IsRepository(common) ? common : null;
    }

    // `<outer>/.git/modules/<name>`, in whose configuration `core.worktree` is the submodule's folder.
    private static string? OfSubmodule(string target, string root)
    {
        var config = Path.Combine(target, "config");
        if (!target.Contains("/.git/modules/", StringComparison.Ordinal) || !IsRepository(target) || WorkTree().Match(File.ReadAllText(config)) is not { Success: true } match)
            return null;

        return RealPath.Of(Path.GetFullPath(match.Groups[1].Value.Trim(), target)) == root ? target : null;
    }

    private static bool IsRepository(string folder) =>
        File.Exists(Path.Combine(folder, "HEAD")) && File.Exists(Path.Combine(folder, "config")) && Directory.Exists(Path.Combine(folder, "objects")) && Directory.Exists(Path.Combine(folder, "refs"));

    private static string Read(string file) => RealPath.FileAt(file).Length is > 0 and <= LargestPointer ? File.ReadAllText(file).TrimEnd('\r', '\n') : "";

    [GeneratedRegex(@"^\s*worktree\s*=\s*""?([^""\n]+)""?\s*$", RegexOptions.Multiline)]
    private static partial Regex WorkTree();
}
