using Skein.Core;

namespace Skein.Store;

/// <summary>
/// Those who watch all sessions. Each has a set of the sessions that changed since it last looked: a slow one misses states in between,
/// never the newest, and holds at most one entry a session.
/// </summary>
internal sealed class Watchers(Func<SessionId, Session?> find)
{
    private readonly Lock _gate = new();
    private readonly List<Watcher> _all = [];
    private bool _ended;

    public IAsyncEnumerable<Session> WatchAsync(CancellationToken cancellationToken) => new Watch(this, cancellationToken);

    public void Changed(SessionId session)
    {
        lock (_gate)
        {
            foreach (var watcher in _all)
                watcher.Add(session);
        }
    }

    /// <summary>The store is closed: nobody waits for ever.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var watcher in _all)
                watcher.End();
        }
    }

    private sealed class Watch(Watchers watchers, CancellationToken outer) : IAsyncEnumerable<Session>
    {
        // It watches from here on, not from its first step.
        public IAsyncEnumerator<Session> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            var watcher = new Watcher(watchers, CancellationTokenSource.CreateLinkedTokenSource(outer, cancellationToken));
            lock (watchers._gate)
            {
                watchers._all.Add(watcher);
                if (watchers._ended)
                    watcher.End();
            }

            return watcher;
        }
    }

    private sealed class Watcher(Watchers watchers, CancellationTokenSource cancellation) : IAsyncEnumerator<Session>
    {
        private readonly Lock _gate = new();
        private readonly HashSet<SessionId> _changed = [];
        private readonly Queue<SessionId> _order = new();
        private TaskCompletionSource? _more;
        private bool _ended;

        public Session Current { get; private set; } = null!;

        public void Add(SessionId session)
        {
            TaskCompletionSource? more = null;
            lock (_gate)
            {
                if (_changed.Add(session))
                {
                    _order.Enqueue(session);
                    (more, _more) = (_more, null);
                }
            }

            more?.TrySetResult();
        }

        public void End()
        {
            TaskCompletionSource? more;
            lock (_gate)
            {
                _ended = true;
                (more, _more) = (_more, null);
            }

            more?.TrySetResult();
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            while (true)
            {
                cancellation.Token.ThrowIfCancellationRequested();
                Task more;
                lock (_gate)
                {
                    ObjectDisposedException.ThrowIf(_ended, typeof(EmbeddedStore));
                    if (_order.TryDequeue(out var session))
                    {
                        // Taken out before it is looked up: a change in between puts it in again.
                        _changed.Remove(session);
                        if (watchers.Find(session) is not { } row)
                            continue;
                        Current = row;
                        return true;
                    }

                    more = (_more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }

                await more.WaitAsync(cancellation.Token);
            }
        }

        public ValueTask DisposeAsync()
        {
            lock (watchers._gate)
                watchers._all.Remove(this);
            cancellation.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private Session? Find(SessionId session) => find(session);
}
