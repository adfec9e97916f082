using Skein.Core;

namespace Skein.Agent.Projects;

/// <summary>
/// Tells what a folder is a part of: the nearest folder above it, or itself, that has an id file or is the top of a git repository with one
/// first commit. Safe for use by many threads.
/// </summary>
/// <param name="path">Where programs are looked for, as in <c>PATH</c>; null: in the usual places.</param>
public sealed class ProjectFinder(string? path, TimeProvider time)
{
    private readonly GitHistory _history = new(path, time);

    /// <summary>Null: nothing that could be told elsewhere.</summary>
    public async ValueTask<Project?> FindAsync(string folder, CancellationToken cancellationToken)
    {
        var mark = ProjectMark.Find(folder);
        if (GitRepository.Find(folder) is not { } git || (mark is { } nearer && nearer.Folder.Length >= git.Root.Length))
            return mark is { } marked ? Of($"id:{marked.Id}", marked.Folder, folder) : null;

        // A history that tells nothing makes the repository no part of what is marked above it: that would be another project's name.
        return await _history.FindFirstCommitAsync(git, cancellationToken) is { } first ? Of($"git:{first}", git.Root, folder) : null;
    }

    private static Project Of(string root, string top, string folder) =>
        new(root, Path.GetRelativePath(top, folder) is var inside && inside == "." ? "" : inside.Replace(Path.DirectorySeparatorChar, '/'));
}
