namespace Skein.Store;

/// <summary>
/// Keeps the rows at hand that were asked for lately, so that a list that is asked for again is not decoded again; of others only the
/// keys are in memory. Safe for use by many threads.
/// </summary>
internal sealed class RecentRows(int most)
{
    private readonly Lock _gate = new();
    private readonly (SessionLog Log, LogState State)[] _recent = new (SessionLog, LogState)[most];
    private int _next;

    /// <param name="kept">A state whose row the catalog has.</param>
    public void Add(SessionLog log, LogState kept)
    {
        (SessionLog? Log, LogState State) oldest;
        lock (_gate)
        {
            oldest = _recent[_next];
            _recent[_next] = (log, kept);
            _next = (_next + 1) % most;
        }

        oldest.Log?.Replace(oldest.State, oldest.State.WithoutRow());
    }
}
