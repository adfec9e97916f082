namespace Skein.Core.Files;

/// <summary>
/// Working trees of git that forks have to themselves, each with a branch of its own. Nothing that the user's repository names is run.
/// Safe for use by many threads.
/// </summary>
public interface IWorktrees
{
    /// <summary>Makes one that has what the origin's folder has, also what is not committed.</summary>
    /// <param name="fork">The session that will have it; it is to be made within the minute.</param>
    /// <param name="workspace">The origin's.</param>
    /// <param name="branch">Null: one that is named after the fork.</param>
    /// <param name="tree">What the workspace is to be, as a snapshot of the origin has it; null: what it is now.</param>
    /// <exception cref="InvalidRequestException">The folder lies in no repository that has a commit, or the branch's name breaks git's rules.</exception>
    /// <exception cref="ConflictException">The branch or the folder exists.</exception>
    /// <exception cref="CheckpointException"/>
    Task<(Worktree Made, string Workspace)> AddAsync(
        SessionId fork, SessionId origin, string workspace, string? branch, string? tree, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a fork's working tree away, unless that would lose something: what is in it must be committed, or be snapshotted for the origin.
    /// Its branch goes too where another one has its commits.
    /// </summary>
    /// <returns>False: it stays.</returns>
    /// <exception cref="CheckpointException"/>
    Task<bool> RemoveAsync(SessionId fork, CancellationToken cancellationToken);

    /// <summary>Does so for forks that there are not any more.</summary>
    /// <returns>The folders that stay.</returns>
    Task<IReadOnlyList<string>> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken);
}

/// <summary>A working tree that a fork has to itself.</summary>
/// <param name="Folder">Its first folder: absolute.</param>
/// <param name="Root">The first folder of the working tree that it was made like.</param>
/// <param name="Tree">The snapshot of what it began with; paths begin at the fork's workspace.</param>
public sealed record Worktree(string Folder, string Branch, string Root, string Tree)
{
    /// <summary>Where all are that were made like a working tree: beside it, where people and editors find them.</summary>
    public static string FolderOfAll(string root) => root + ".worktrees";

    /// <summary>Whether a folder lies in a worktree that was made like the working tree which another lies in.</summary>
    public static bool IsBeside(string original, string folder)
    {
        for (var root = original; root is { Length: > 1 }; root = Path.GetDirectoryName(root))
        {
            if (folder.StartsWith(FolderOfAll(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
