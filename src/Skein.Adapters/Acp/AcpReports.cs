using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>
/// Carries as raw frames what has no event of its own. What an agent only repeats is told once, and how full its context is, which it may
/// tell with every word, once a turn.
/// </summary>
internal sealed class AcpReports(string agent)
{
    private static readonly string[] s_states = ["available_commands_update", "current_mode_update", "config_option_update", "session_info_update"];

    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private JsonElement? _usage;
    private decimal? _paid;
    private decimal? _paidBefore = 0;

    /// <summary>The session was paid for before this start of the agent, nobody knows how much.</summary>
    public bool IsResumed
    {
        set => _paidBefore = value ? null : 0;
    }

    public void Tell(JsonElement frame, AgentSteps steps)
    {
        var update = frame.Find("params", "update");
        var kind = update?.Text("sessionUpdate");
        if (kind == "usage_update")
        {
            _usage = frame;
            _paid = update?.Find("cost")?.Decimal("amount") ?? _paid;
            return;
        }

        if (kind is not null && s_states.Contains(kind))
        {
            var text = frame.GetRawText();
            if (_told.GetValueOrDefault(kind) == text)
                return;
            _told[kind] = text;
        }

        steps.Yield(new AgentReported(agent, frame));
    }

    /// <summary>What the turn cost: the agent tells what its session cost so far.</summary>
    public decimal? TakeCost()
    {
        var cost = _paid is { } paid && _paidBefore is { } before && paid >= before ? paid - before : (decimal?)null;
        _paidBefore = _paid ?? _paidBefore;
        return cost;
    }

    public void EndTurn(AgentSteps steps)
    {
        if (_usage is { } usage)
            steps.Yield(new AgentReported(agent, usage));
        _usage = null;
    }
}
