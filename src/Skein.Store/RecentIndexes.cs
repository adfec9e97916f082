namespace Skein.Store;

/// <summary>
/// The indexes of the logs that nobody writes and that were asked last: asked again, they are not read again. Safe for use by several threads.
/// </summary>
internal sealed class RecentIndexes
{
    private const int Most = 8;

    private readonly Lock _gate = new();
    private readonly List<(SessionLog Log, LogIndex Index)> _recent = [];

    public LogIndex Of(SessionLog log)
    {
        lock (_gate)
        {
            var found = _recent.FindIndex(r => r.Log == log);
            var index = found < 0 ? new LogIndex() : _recent[found].Index;
            if (found >= 0)
                _recent.RemoveAt(found);
            else if (_recent.Count == Most)
                _recent.RemoveAt(Most - 1);
            _recent.Insert(0, (log, index));
            return index;
        }
    }
}
