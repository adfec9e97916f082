namespace Skein.Core.Agents;

/// <summary>Work for another agent, in a session of its own.</summary>
/// <param name="Agent">Who does it; null: the agent of the session that asks.</param>
/// <param name="Title">What it is about, in a few words: the session's title.</param>
/// <param name="Prompt">All that the agent is told.</param>
/// <param name="MaxCost">What it may cost at most, in US dollars; null: as the turn that asks.</param>
/// <param name="Key">Names the call that asks: asked for again, also after a restart, it goes on with the session that it made. Null: it is made anew.</param>
/// <param name="Meter">What it spends is counted here while it works, and ends it where nothing is left; null: nobody counts before its end.</param>
public sealed record SubAgentRequest(
    string? Agent, string Title, string Prompt, decimal? MaxCost = null, string? Key = null, CostMeter? Meter = null)
{
    /// <summary>The key of a call.</summary>
    public static string KeyOf(MessageId message, string callId) => $"{message}/{callId}";
}

/// <param name="Session">Where it was done.</param>
/// <param name="Answer">What the agent said last.</param>
/// <param name="Problem">Why the work did not come to its end, one line; null: it did.</param>
/// <param name="Usage">What the session took.</param>
/// <param name="Cost">In US dollars, of the calls whose price was known, with what agents cost that worked for it.</param>
public sealed record SubAgentResult(SessionId Session, string Agent, string Answer, string? Problem, Usage Usage, decimal Cost);
