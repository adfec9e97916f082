using Skein.Core;

namespace Skein.Store;

/// <summary>
/// The logs by their sessions. It is walked against the order in which they came in: that is how they lie in memory, and who looks for the
/// newest meets them early. With very many of them both make a walk several times as fast. Safe for use by many threads.
/// </summary>
internal sealed class LogTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SessionId, SessionLog> _logs = new(new ByText());

    // In their order, for those who walk; null where one was taken out since.
    private SessionLog[]? _inOrder;

    /// <summary>Makes room for as many.</summary>
    public void Reserve(int count)
    {
        lock (_gate)
            _logs.EnsureCapacity(count);
    }

    public SessionLog? Find(SessionId session)
    {
        lock (_gate)
            return _logs.GetValueOrDefault(session);
    }

    /// <param name="id">What may be a session's id.</param>
    public SessionLog? Find(ReadOnlySpan<char> id)
    {
        lock (_gate)
            return _logs.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id, out var log) ? log : null;
    }

    public void Add(SessionLog log)
    {
        lock (_gate)
        {
            _logs.Add(log.Id, log);
            if (_inOrder is null)
                return;

            // Who walks has the first ones: what is put behind them is not theirs.
            if (_inOrder.Length < _logs.Count)
                Array.Resize(ref _inOrder, Math.Max(_logs.Count * 2, 16));
            _inOrder[_logs.Count - 1] = log;
        }
    }

    public void Remove(SessionLog log)
    {
        lock (_gate)
        {
            if (_logs.Remove(log.Id))
                _inOrder = null;
        }
    }

    /// <summary>All there were when the walk began.</summary>
    public IEnumerable<SessionLog> All()
    {
        SessionLog[] logs;
        int count;
        lock (_gate)
            (logs, count) = (_inOrder ??= [.. _logs.Values], _logs.Count);
        for (var i = count - 1; i >= 0; i--)
            yield return logs[i];
    }

    /// <summary>Compares ids as the texts that they are: names of files are looked for without making ids of them.</summary>
    private sealed class ByText : IEqualityComparer<SessionId>, IAlternateEqualityComparer<ReadOnlySpan<char>, SessionId>
    {
        public bool Equals(SessionId x, SessionId y) => x.Value == y.Value;
        public int GetHashCode(SessionId id) => GetHashCode(id.Value.AsSpan());
        public bool Equals(ReadOnlySpan<char> text, SessionId id) => text.SequenceEqual(id.Value);
        public int GetHashCode(ReadOnlySpan<char> text) => string.GetHashCode(text);
        public SessionId Create(ReadOnlySpan<char> text) => SessionId.Parse(text.ToString());
    }
}
