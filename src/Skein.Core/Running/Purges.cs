using System.Collections.Concurrent;
using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Running;

/// <summary>Deletes sessions that are in the trash for good.</summary>
internal sealed class Purges(ISessionStore store, Runners runners, IFileCheckpoints? files, IWorktrees? worktrees)
{
    // There is no log left to tell that a request was carried out: a client that lost its answer asks again.
    private readonly ConcurrentDictionary<SessionId, string> _keys = new();

    /// <summary>A session was purged: there may be space to give back.</summary>
    public event Action? Done;

    /// <inheritdoc cref="Sessions.PurgeAsync"/>
    public async Task PurgeAsync(SessionId session, Cause by, CancellationToken cancellationToken)
    {
        var row = await store.FindAsync(session, cancellationToken);
        if (row is null && by.Key is not null && _keys.GetValueOrDefault(session) == by.Key)
            return;

        // Only one at rest has its runner taken away; the store decides.
        if (row is { TrashedAt: not null, IsLive: false })
            await runners.LetGoAsync(session, by);
        await store.PurgeAsync(session, cancellationToken);
        try
        {
            // Its worktree first: whether that can go is told by snapshots.
            if (worktrees is not null)
                await worktrees.RemoveAsync(session, CancellationToken.None);
            if (files is not null)
                await files.DropAsync(session, CancellationToken.None);
        }
        catch (CheckpointException)
        {
            // The session is gone; the next collection finds what was kept for it.
        }

        if (by.Key is not null)
            _keys[session] = by.Key;
        Done?.Invoke();
    }

    /// <summary>Gives back what the store does not need any more, and then what is kept of files for no session.</summary>
    public async ValueTask<Collected> CollectAsync(CancellationToken cancellationToken)
    {
        var collected = await store.CollectAsync(cancellationToken);
        if (files is null)
            return collected;
        try
        {
            var stay = worktrees is null ? [] : await worktrees.CollectAsync(ExistsAsync, cancellationToken);
            var snapshots = await files.CollectAsync(ExistsAsync, cancellationToken);
            return collected with
            {
                Snapshots = snapshots,
                Problems = [.. collected.Problems, .. stay.Select(static s => $"The worktree {s} of a fork that was deleted stays: it has what is neither committed nor snapshotted for its origin.")],
            };
        }
        catch (CheckpointException e)
        {
            return collected with { Problems = [.. collected.Problems, e.Message] };
        }
    }

    private async ValueTask<bool> ExistsAsync(SessionId session, CancellationToken cancellationToken) => await store.FindAsync(session, cancellationToken) is not null;
}
