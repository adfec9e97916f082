using Skein.Core;

namespace Skein.Store;

/// <summary>
/// The logs by their sessions. It is walked against the order in which they came in: that is how they lie in memory, and who looks for the
/// newest meets them early. With very many of them both make a walk several times as fast. Safe for use by many threads.
/// </summary>
internal sealed class LogTable
{
    private readonly Lock _gate = new();
    private readonly HashSet<SessionLog> _logs = new(new ById());

    // In their order, for those who walk; null where one was taken out since.
    private SessionLog[]? _inOrder;

    /// <summary>Makes room for as many.</summary>
    public void Reserve(int count)
    {
        lock (_gate)
            _logs.EnsureCapacity(count);
    }

    /// <summary>Gives back the room that was not needed.</summary>
    public void Trim()
    {
        lock (_gate)
            _logs.TrimExcess();
    }

    public SessionLog? Find(SessionId session)
    {
        lock (_gate)
            return _logs.GetAlternateLookup<SessionId>().TryGetValue(session, out var log) ? log : null;
    }

    public void Add(SessionLog log)
    {
        if (!TryAdd(log))
            throw new ArgumentException($"Session {log.Id} has a log already.", nameof(log));
    }

    /// <returns>Whether the session had none.</returns>
    public bool TryAdd(SessionLog log)
    {
        lock (_gate)
        {
            if (!_logs.Add(log))
                return false;
            if (_inOrder is null)
                return true;

            // Who walks has the first ones: what is put behind them is not theirs.
            if (_inOrder.Length < _logs.Count)
                Array.Resize(ref _inOrder, Math.Max(_logs.Count * 2, 16));
            _inOrder[_logs.Count - 1] = log;
            return true;
        }
    }

    public void Remove(SessionLog log)
    {
        lock (_gate)
        {
            if (_logs.Remove(log))
                _inOrder = null;
        }
    }

    /// <summary>All there were when the walk began.</summary>
    public IEnumerable<SessionLog> All()
    {
        SessionLog[] logs;
        int count;
        lock (_gate)
            (logs, count) = (_inOrder ??= [.. _logs], _logs.Count);
        for (var i = count - 1; i >= 0; i--)
            yield return logs[i];
    }

    private sealed class ById : IEqualityComparer<SessionLog>, IAlternateEqualityComparer<SessionId, SessionLog>
    {
        public bool Equals(SessionLog? x, SessionLog? y) => x?.Id == y?.Id;
        public int GetHashCode(SessionLog log) => log.Id.GetHashCode();
        public bool Equals(SessionId id, SessionLog log) => id == log.Id;
        public int GetHashCode(SessionId id) => id.GetHashCode();
        public SessionLog Create(SessionId id) => throw new NotSupportedException("A log is not made of its id alone.");
    }
}
