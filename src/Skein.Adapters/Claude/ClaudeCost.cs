using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Claude;

/// <summary>
/// What a turn cost. Newer versions tell what was used since the result before; older ones only what their session cost so far, over all
/// its starts, of which those that were killed are forgotten.
/// </summary>
internal sealed class ClaudeCost
{
    private decimal _paid;
    private decimal? _ofTurn;

    /// <param name="paid">What is known to be paid for the session before this start.</param>
    public void Begin(decimal paid) => _paid = paid;

    /// <summary>A result: of the turn, or of one that Claude Code began by itself.</summary>
    public void Hear(JsonElement result)
    {
        var total = result.Decimal("total_cost_usd");
        var cost = SinceLast(result) ?? (total < _paid ? total : total - _paid);
        _paid = total ?? _paid;
        _ofTurn = cost is null ? _ofTurn : (_ofTurn ?? 0) + cost;
    }

    /// <summary>What was heard since it was last taken, in US dollars; null: nothing was told.</summary>
    public decimal? Take()
    {
        var cost = _ofTurn;
        _ofTurn = null;
        return cost;
    }

    private static decimal? SinceLast(JsonElement result) =>
        result.Find("model_usage_since_last_result") is { ValueKind: JsonValueKind.Object } models && models.EnumerateObject().Select(m => m.Value.Decimal("costUSD")).ToList() is { Count: > 0 } costs
            ? costs.Sum()
            : null;
}
