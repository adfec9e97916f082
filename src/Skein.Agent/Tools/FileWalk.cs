using Skein.Sandbox;

namespace Skein.Agent.Tools;

/// <summary>Something found below a folder.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Depth">0 directly in the folder.</param>
internal readonly record struct Found(string Path, bool IsFolder, bool IsLink, int Depth)
{
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>
/// Walks a folder in the order of names, without what <c>.gitignore</c> leaves out, what rules withhold and Skein's own folders. Links
/// are told and never followed: they could lead out of the workspace, or in circles.
/// </summary>
internal sealed class FileWalk(ToolContext context, ToolSettings settings)
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = false };

    private readonly string _workspace = RealPath.Of(context.Workspace);
    private readonly IReadOnlyList<string> _hidden = [.. settings.HiddenFolders.Select(RealPath.Of)];

    /// <param name="depth">How many levels down.</param>
    public IEnumerable<Found> Below(ToolPath folder, int depth, CancellationToken cancellationToken) =>
        Below(folder.Real, folder.Subject, IgnoreRules.For(folder.Real), 0, depth, cancellationToken);

    private IEnumerable<Found> Below(string folder, string asked, IgnoreRules rules, int at, int depth, CancellationToken cancellationToken)
    {
        foreach (var entry in Entries(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isLink = entry.LinkTarget is not null;
            var isFolder = !isLink && entry is DirectoryInfo;
            if (rules.Ignores(entry.FullName, isFolder) || IsClosed(entry.FullName, asked))
                continue;

            yield return new Found(entry.FullName, isFolder, isLink, at);

            if (!isFolder || at + 1 >= depth)
                continue;

            foreach (var below in Below(entry.FullName, asked, rules.In(entry.FullName), at + 1, depth, cancellationToken))
                yield return below;
        }
    }

    private static FileSystemInfo[] Entries(string folder)
    {
        try
        {
            var entries = new DirectoryInfo(folder).GetFileSystemInfos("*", s_everything);
            Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return entries;
        }
        catch (DirectoryNotFoundException)
        {
            return []; // It was there when its parent was read: others work here too.
        }
    }

    private bool IsClosed(string path, string asked)
    {
        if (_hidden.Contains(path))
            return true;

        var subject = RealPath.IsWithin(_workspace, path) ? Path.GetRelativePath(_workspace, path).Replace(Path.DirectorySeparatorChar, '/') : path;
        return settings.IsWithheld(context.Workspace, asked, subject);
    }
}
