namespace Skein.Core.Agents;

/// <summary>
/// Counts what a turn costs, and what those cost that work for it: whatever is spent below is spent of the limits above at once, so that
/// several who work side by side share what is left. Safe for use by many threads.
/// </summary>
/// <param name="most">US dollars; null: no limit of its own.</param>
/// <param name="above">Of the turn that this one works for; null: it works for none.</param>
public sealed class CostMeter(decimal? most, CostMeter? above)
{
    private readonly Lock _lock = new();
    private decimal _spent;

    /// <summary>Here and below, in US dollars.</summary>
    public decimal Spent
    {
        get
        {
            lock (_lock)
                return _spent;
        }
    }

    /// <summary>What is left of its own limit and of those above; null: nothing limits it.</summary>
    public decimal? Left => (most - Spent, above?.Left) switch
    {
        ({ } own, { } theirs) => Math.Min(own, theirs),
        var (own, theirs) => own ?? theirs,
    };

    public void Spend(decimal cost)
    {
        lock (_lock)
            _spent += cost;
        above?.Spend(cost);
    }
}
