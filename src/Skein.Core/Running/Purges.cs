using System.Collections.Concurrent;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>Deletes sessions that are in the trash for good.</summary>
internal sealed class Purges(ISessionStore store, Runners runners)
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
        if (by.Key is not null)
            _keys[session] = by.Key;
        Done?.Invoke();
    }
}
