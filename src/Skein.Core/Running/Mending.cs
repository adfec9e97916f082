using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>What taking a session over must append, so that nothing of a turn whose server died stays open.</summary>
internal static class Mending
{
    private const string Why = "Skein stopped while this call was open; whether it had an effect is not known.";

    private const string WhyRedacted =
        "The arguments of this call held a secret. It was not kept, and is no longer known since Skein was started anew, so the call was not carried out. Make it again if it is still needed.";

    /// <param name="found">What the store found and mended in the file.</param>
    /// <param name="resumed">The calls that the turn, which waits for an answer, makes again when that comes; null: it does not go on.</param>
    /// <returns>The events, and what to tell people; nothing where all is in order.</returns>
    public static (IReadOnlyList<EventBody> Bodies, IReadOnlyList<Repair> Repairs) Of(
        SessionMemory memory, IReadOnlyList<Repair> found, IReadOnlySet<string>? resumed, IdSource ids)
    {
        if (memory.Turn is not { } turn)
            return ([], found);

        var closing = new Closing(ids);
        var messages = memory.Messages;
        if (resumed is not null)
        {
            closing.Calls(messages, memory.StartedCalls.Except(resumed).ToHashSet(StringComparer.Ordinal), Why);
            return (closing.Bodies, [.. found, .. closing.Repairs]);
        }

        closing.Messages(messages, [], StopReason.Interrupted, Why).Questions(memory.Session.Questions);
        return (
            [.. closing.Bodies, new TurnInterrupted(turn.Turn, "crash")],
            [.. found, .. closing.Repairs, new Repair("turn", $"Turn {turn.Turn} was open and was closed as interrupted.")]);
    }

    /// <summary>Calls that have begun and can be made again, since each only goes on with the sub-agent's session that it made.</summary>
    public static async Task<IReadOnlySet<string>> FindDelegatedAsync(ISessionStore store, SessionMemory memory, CancellationToken cancellationToken)
    {
        var delegated = new HashSet<string>(StringComparer.Ordinal);
        if (memory.Messages is not [.., { Role: Role.Assistant } last])
            return delegated;

        foreach (var call in last.UnansweredCalls.Where(c => memory.StartedCalls.Contains(c.CallId)))
        {
            if (await SubAgents.FindAsync(store, memory.Session.Id, SubAgentRequest.KeyOf(last.Id, call.CallId), cancellationToken) is not null)
                delegated.Add(call.CallId);
        }

        return delegated;
    }

    /// <summary>
    /// What must be appended when a turn goes on after a restart: a call whose arguments were redacted is not what the model asked for, so
    /// it must not be carried out. It is given an error, and a question about it expires.
    /// </summary>
    /// <param name="answer">The answer that makes the turn go on.</param>
    public static IReadOnlyList<EventBody> OfResumed(SessionMemory memory, PermissionAnswered answer, IdSource ids)
    {
        if (memory.Messages is not [.., { Role: Role.Assistant } last])
            return [];

        var lost = last.UnansweredCalls.Where(c => c.Redacted is not null).Select(c => c.CallId).ToHashSet(StringComparer.Ordinal);
        return new Closing(ids)
            .Calls([last], lost, WhyRedacted)
            .Questions([.. memory.Session.Questions.Where(q => q.Permission != answer.Permission && lost.Contains(q.CallId))])
            .Bodies;
    }
}
