using Skein.Core;
using Skein.Core.Files;

namespace Skein.Tests.Running;

/// <summary>Real snapshots, which are counted and can be held up.</summary>
internal sealed class HeldCheckpoints(IFileCheckpoints files) : IFileCheckpoints
{
    private int _begun;

    public int Begun => _begun;

    /// <summary>What each waits for, by its number from 1 on.</summary>
    public Func<int, CancellationToken, Task> Before { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>What each waits for when it is whole.</summary>
    public Func<CancellationToken, Task> After { get; set; } = static _ => Task.CompletedTask;

    public async Task<Snapshot> TakeAsync(SessionId session, string workspace, Action<int>? reading, CancellationToken cancellationToken)
    {
        await Before(Interlocked.Increment(ref _begun), cancellationToken);
        var snapshot = await files.TakeAsync(session, workspace, reading, cancellationToken);
        await After(cancellationToken);
        return snapshot;
    }

    public ValueTask<bool> AreOnAsync(string workspace, CancellationToken cancellationToken) => files.AreOnAsync(workspace, cancellationToken);

    public Task<IReadOnlyList<FileChange>> CompareAsync(string from, string to, CancellationToken cancellationToken) => files.CompareAsync(from, to, cancellationToken);

    public Task<MergedTree> MergeAsync(
        (SessionId Session, string Tree) ours, (SessionId Session, string Tree) theirs, string common, ConflictChoice choice, CancellationToken cancellationToken) =>
        files.MergeAsync(ours, theirs, common, choice, cancellationToken);

    public Task<(string Text, bool IsCut)> PatchAsync(string from, string to, int most, CancellationToken cancellationToken) =>
        files.PatchAsync(from, to, most, cancellationToken);

    public Task<IReadOnlyList<string>> RestoreAsync(SessionId session, string workspace, string from, string to, CancellationToken cancellationToken) =>
        files.RestoreAsync(session, workspace, from, to, cancellationToken);

    public Task InheritAsync(SessionId fork, SessionId origin, CancellationToken cancellationToken) => files.InheritAsync(fork, origin, cancellationToken);

    public Task DropAsync(SessionId session, CancellationToken cancellationToken) => files.DropAsync(session, cancellationToken);

    public Task<Reclaimed> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken) => files.CollectAsync(exists, cancellationToken);
}
