using Skein.Core;

namespace Skein.Agent.Compaction;

/// <summary>What of a conversation a model is sent.</summary>
/// <param name="Summaries">Of what came before, oldest first. Each tells of its own stretch; none is ever summarised itself, which would wear away what it keeps.</param>
/// <param name="Restated">Prompts of the turn that was running when the last summary was made, where it covers them: what the agent is to do stays word for word.</param>
/// <param name="Tail">What is sent as it is.</param>
/// <param name="New">Those of the tail that came after the last summary.</param>
internal sealed record ContextWindow(IReadOnlyList<SummaryPart> Summaries, IReadOnlyList<Message> Restated, IReadOnlyList<Message> Tail, IReadOnlyList<Message> New)
{
    /// <param name="messages">All that are visible, oldest first.</param>
    public static ContextWindow Of(IReadOnlyList<Message> messages)
    {
        var last = messages.Count - 1;
        while (last >= 0 && messages[last].Summary is null)
            last--;
        if (last < 0)
            return new ContextWindow([], [], messages, messages);

        var summary = messages[last];
        var first = last;
        for (var kept = summary.Summary!.Kept; kept > 0 && first > 0; first--)
        {
            if (messages[first - 1].Summary is null)
                kept--;
        }

        var since = messages.Skip(last + 1).ToList();
        return new ContextWindow(
            [.. messages.Take(last + 1).Select(m => m.Summary).OfType<SummaryPart>()],
            [.. messages.Take(first).Where(m => m.Role == Role.User && m.Turn is not null && m.Turn == summary.Turn)],
            [.. messages.Take(last).Skip(first).Where(m => m.Summary is null), .. since],
            since);
    }

    /// <summary>The newest summaries that fit; the first is always among them.</summary>
    /// <param name="most">Tokens.</param>
    public IReadOnlyList<SummaryPart> SummariesWithin(long most)
    {
        var taken = 0;
        for (long tokens = 0; taken < Summaries.Count; taken++)
        {
            tokens += TokenEstimate.Of(Summaries[^(taken + 1)].Text);
            if (taken > 0 && tokens > most)
                break;
        }

        return [.. Summaries.TakeLast(taken)];
    }

    /// <summary>How many messages at the end of <see cref="Tail"/> stay when the rest is summarised; null: there is nothing to summarise.</summary>
    /// <param name="budget">The tokens that may stay.</param>
    /// <param name="running">The turn that is running, whose prompts stay in any case; null: none works on a prompt.</param>
    public int? CountKept(long budget, TurnId? running)
    {
        var first = Tail.Count;
        for (var tokens = 0L; first > 0 && (tokens += TokenEstimate.Of(Tail[first - 1])) <= budget;)
            first--;

        // What nobody has answered yet stays in any case.
        var unanswered = Tail.Count;
        while (unanswered > 0 && Tail[unanswered - 1].Role == Role.User)
            unanswered--;
        first = Math.Min(first, unanswered);

        // Turns stay whole where they can; a long one is cut between two of its steps.
        var whole = first;
        while (whole < Tail.Count && !BeginsTurn(whole))
            whole++;
        if (whole < Tail.Count)
            first = whole;
        return Tail.Take(first).Any(m => running is null || m.Turn != running || m.Role != Role.User) ? Tail.Count - first : null;
    }

    /// <summary>The tokens of the last turn.</summary>
    public int CountOfLastTurn()
    {
        var first = Tail.Count;
        while (first > 0 && !BeginsTurn(first - 1))
            first--;
        return Tail.Count - Math.Max(0, first - 1);
    }

    private bool BeginsTurn(int index) => Tail[index].Role == Role.User && (index == 0 || Tail[index].Turn is null || Tail[index - 1].Turn != Tail[index].Turn);
}
