using Skein.Agent.Projects;
using Skein.Sandbox;

namespace Skein.Agent.Prompts;

/// <summary>
/// The instructions that a project has for agents: the <c>AGENTS.md</c> (else <c>CLAUDE.md</c>) of its folders, from the repository's root,
/// or the home folder, down to the workspace.
/// </summary>
internal static class ProjectInstructions
{
    // Characters; more would leave too little room for the work.
    private const int MostOfOne = 32_000;
    private const int MostOfAll = 64_000;

    // The first that a folder has.
    private static readonly string[] s_names = ["AGENTS.md", "CLAUDE.md"];

    public static async Task<IReadOnlyList<(string Path, string Text)>> ReadAsync(string workspace, CancellationToken cancellationToken)
    {
        var found = new List<(string, string)>();
        var left = MostOfAll;
        var (root, folders) = Folders(workspace);

        // The nearest matter most: they get the room first, and stand last.
        foreach (var folder in folders)
        {
            if (left <= 0)
                break;

            if (await ReadFirstAsync(folder, root, Math.Min(MostOfOne, left), cancellationToken) is { } file)
            {
                found.Insert(0, file);
                left -= file.Text.Length;
            }
        }

        return found;
    }

    /// <summary>What a user has for all projects: the first of the files that exists.</summary>
    public static async Task<(string Path, string Text)?> ReadUserAsync(IReadOnlyList<string> files, CancellationToken cancellationToken) =>
        files.FirstOrDefault(f => RealPath.FileAt(f) is { Exists: true, Length: > 0 }) is { } file ? await ReadAsync(file, MostOfOne, cancellationToken) : null;

    // The workspace and its parents, up to what surely is the user's own: beyond it anybody may have put a file.
    private static (string Root, List<string> Folders) Folders(string workspace)
    {
        var root = GitRepository.Find(workspace)?.Root ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folders = new List<string>();
        for (var at = new DirectoryInfo(workspace); at is not null; at = at.Parent)
        {
            folders.Add(at.FullName);
            if (at.FullName == root)
                return (root, folders);
        }

        return (folders[0], [folders[0]]);
    }

    /// <summary>The instructions that one folder has.</summary>
    public static async Task<(string Path, string Text)?> ReadFirstAsync(string folder, string root, int most, CancellationToken cancellationToken)
    {
        foreach (var name in s_names)
        {
            var path = Path.Combine(folder, name);
            try
            {
                if (IsOwn(path, root))
                    return await ReadAsync(path, most, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return (path, Unreadable(e));
            }
        }

        return null;
    }

    private static async Task<(string Path, string Text)> ReadAsync(string path, int most, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(path);
            var buffer = new char[most];
            var read = await reader.ReadBlockAsync(buffer, cancellationToken);
            var text = new string(buffer, 0, read);
            if (reader.Peek() >= 0)
                text += $"\n[… the rest of {path} was left out: only {most:N0} characters of it are shown]";
            return (path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (path, Unreadable(e));
        }
    }

    // The model learns what happened, and the turn goes on.
    private static string Unreadable(Exception e) => $"[it could not be read: {e.Message}]";

    // A link may name the other file of the two, but not send a file from elsewhere to the provider. A pipe, which would never end, has no length.
    private static bool IsOwn(string path, string root)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length == 0 && file.LinkTarget is null)
            return false;

        return file.ResolveLinkTarget(returnFinalTarget: true) is not { } target
            || (target is FileInfo { Exists: true, Length: > 0 } && target.FullName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal));
    }
}
