namespace Skein.Core.Files;

/// <summary>
/// Snapshots of the files of workspaces, beside whatever their user keeps them in. A snapshot is named by its content and stays as long as
/// a session that has it does. Safe for use by many threads; snapshots of one workspace are taken one after the other.
/// </summary>
public interface IFileCheckpoints
{
    /// <summary>The folder below Skein's home that has all snapshots.</summary>
    const string Folder = "checkpoints.git";

    /// <summary>Whether snapshots are wanted in a workspace.</summary>
    ValueTask<bool> AreOnAsync(string workspace, CancellationToken cancellationToken);

    /// <summary>Snapshots the files of a workspace, and keeps that for a session.</summary>
    /// <exception cref="CheckpointException"/>
    Task<Snapshot> TakeAsync(SessionId session, string workspace, CancellationToken cancellationToken) => TakeAsync(session, workspace, null, cancellationToken);

    /// <inheritdoc cref="TakeAsync(SessionId, string, CancellationToken)"/>
    /// <param name="reading">Told how many files are read for it, before they are.</param>
    Task<Snapshot> TakeAsync(SessionId session, string workspace, Action<int>? reading, CancellationToken cancellationToken);

    /// <summary>What differs between two snapshots, in the order of paths.</summary>
    /// <exception cref="CheckpointException"/>
    Task<IReadOnlyList<FileChange>> CompareAsync(string from, string to, CancellationToken cancellationToken);

    /// <summary>The same as a patch, as git writes it.</summary>
    /// <param name="most">Characters after which it is cut.</param>
    /// <exception cref="CheckpointException"/>
    Task<(string Text, bool IsCut)> PatchAsync(string from, string to, int most, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a workspace what a snapshot says where two snapshots differ. May be called again after it was killed in the middle. What is
    /// neither in one nor in the other is never overwritten.
    /// </summary>
    /// <param name="from">What was there.</param>
    /// <returns>Files that were left as they are, and why.</returns>
    /// <exception cref="CheckpointException"/>
    Task<IReadOnlyList<string>> RestoreAsync(SessionId session, string workspace, string from, string to, CancellationToken cancellationToken);

    /// <summary>Merges two snapshots that began with a common one, and keeps the result for the first session. No folder is looked at.</summary>
    /// <param name="ours">A session and what it has; its name marks its side of conflicts.</param>
    /// <exception cref="CheckpointException"/>
    Task<MergedTree> MergeAsync(
        (SessionId Session, string Tree) ours, (SessionId Session, string Tree) theirs, string common, ConflictChoice choice, CancellationToken cancellationToken);

    /// <summary>Keeps for a fork what its origin has.</summary>
    Task InheritAsync(SessionId fork, SessionId origin, CancellationToken cancellationToken);

    /// <summary>Keeps nothing more for a session.</summary>
    Task DropAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>Deletes what is kept for no session.</summary>
    /// <param name="exists">Whether there is such a session.</param>
    Task<Reclaimed> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken);
}

/// <param name="Tree">Its name.</param>
/// <param name="LeftOut">Files that are not in it, and why.</param>
public sealed record Snapshot(string Tree, IReadOnlyList<string> LeftOut);

/// <summary>The files could not be snapshotted, compared or restored; the message says why.</summary>
/// <param name="lasts">It will be so the next time too.</param>
public sealed class CheckpointException(string message, bool lasts = false, Exception? inner = null) : SkeinException("checkpoint", message, inner)
{
    public bool Lasts { get; } = lasts;
}
