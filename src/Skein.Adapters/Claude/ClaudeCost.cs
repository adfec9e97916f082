using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Claude;

/// <summary>What a turn cost: Claude Code tells what its session cost so far, over all its starts.</summary>
internal sealed class ClaudeCost
{
    private decimal _paid;

    /// <param name="paid">What is known to be paid for the session before this start.</param>
    public void Begin(decimal paid) => _paid = paid;

    /// <returns>In US dollars; null: it is not told, or is less than what was paid before.</returns>
    public decimal? Take(JsonElement result)
    {
        if (result.Decimal("total_cost_usd") is not { } total || total < _paid)
            return null;
        var cost = total - _paid;
        _paid = total;
        return cost;
    }
}
