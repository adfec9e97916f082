using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>What taking a session over must append, so that nothing of a turn whose server died stays open.</summary>
internal static class Mending
{
    private const string Why = "Skein stopped while this call was open; whether it had an effect is not known.";

    /// <param name="found">What the store found and mended in the file.</param>
    /// <param name="isWaitingToResume">The turn waits for an answer and goes on when it comes: only what was being done is closed.</param>
    /// <returns>The events, and what to tell people; nothing where all is in order.</returns>
    public static (IReadOnlyList<EventBody> Bodies, IReadOnlyList<Repair> Repairs) Of(
        SessionMemory memory, IReadOnlyList<Repair> found, bool isWaitingToResume, IdSource ids)
    {
        if (memory.Turn is not { } turn)
            return ([], found);

        var closing = new Closing(ids);
        var messages = memory.Transcript.Messages;
        if (isWaitingToResume)
        {
            closing.StartedCalls(messages, memory.StartedCalls, Why);
            return (closing.Bodies, [.. found, .. closing.Repairs]);
        }

        closing.Messages(messages, [], StopReason.Interrupted, Why).Questions(memory.Session.Questions);
        return (
            [.. closing.Bodies, new TurnInterrupted(turn.Turn, "crash")],
            [.. found, .. closing.Repairs, new Repair("turn", $"Turn {turn.Turn} was open and was closed as interrupted.")]);
    }
}
