using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent;

/// <summary>What an agent yielded for a turn, and what a transcript makes of it.</summary>
internal sealed record TurnRecord(FakeTurn Turn, IReadOnlyList<AgentOutput> Outputs)
{
    public IReadOnlyList<EventBody> Events => [.. Outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies)];
    public IReadOnlyList<AgentDelta> Deltas => [.. Outputs.OfType<AgentDelta>()];
    public TurnFailure? Failure => Outputs is [.., TurnFailure failure] ? failure : null;

    /// <summary>The messages of the turn, as a follower sees them at its end.</summary>
    public IReadOnlyList<Message> Messages
    {
        get
        {
            var transcript = new Transcript();
            var session = Turn.Session.Id;
            var seq = 0L;
            foreach (var body in Turn.Messages.Select(m => (EventBody)new MessageAdded(m.Id, m.Role, m.Status, 1, m.Parts, m.Turn, m.Model)).Concat(Events))
                transcript.Apply(new SessionEvent(session, ++seq, DateTimeOffset.UnixEpoch, body));
            return transcript.Messages;
        }
    }

    public Message Last => Messages[^1];
    public IReadOnlyList<Part> LastParts => [.. Last.Parts.Select(p => p.Content)];

    public static async Task<TurnRecord> RunAsync(IAgent agent, FakeTurn turn, Action<AgentOutput>? seen = null)
    {
        var outputs = new List<AgentOutput>();
        await foreach (var output in agent.RunTurnAsync(turn, TestContext.Current.CancellationToken))
        {
            outputs.Add(output);
            seen?.Invoke(output);
        }

        return new TurnRecord(turn, outputs);
    }
}
