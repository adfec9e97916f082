using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Testing;

/// <summary>How an agent behaves in a turn.</summary>
public delegate IAsyncEnumerable<AgentOutput> TurnScript(ITurn turn, CancellationToken cancellationToken);

/// <summary>An agent whose turns are written out in the test. It keeps to <see cref="IAgent"/>'s contract, but calls no model.</summary>
public sealed class ScriptedAgent(TurnScript script, bool canSteer = true, bool tellsFirst = true) : IAgent
{
    public bool CanSteer => canSteer;

    public bool TellsFirst => tellsFirst;

    /// <summary>A kind of agent that plays the script in every session.</summary>
    public static AgentKind Kind(TurnScript script, string name = "scripted", bool canSteer = true, bool resumes = true, bool tellsFirst = true) =>
        new(name, _ => new ScriptedAgent(script, canSteer, tellsFirst), resumes, model => model == "none/such" ? "There is no model 'none/such'." : null);

    /// <summary>An agent that repeats the prompt.</summary>
    public static AgentKind Echo() => Kind((turn, _) => Say(turn, "You said: " + turn.Messages[^1].Text));

    /// <summary>One whole message of the model: streamed in pieces, then complete.</summary>
    public static async IAsyncEnumerable<AgentOutput> Say(ITurn turn, params string[] pieces)
    {
        var (message, part) = (turn.Ids.Next<MessageId>(), turn.Ids.Next<PartId>());
        yield return Begin(message);
        foreach (var piece in pieces)
            yield return new AgentDelta(message, part, StreamKind.Text, piece);
        yield return new AgentEvents(
        [
            new PartAdded(message, part, new TextPart(string.Concat(pieces))),
            new MessageCompleted(message, StopReason.End, new Usage(Input: 10, Output: pieces.Length)),
        ]);
        await Task.CompletedTask;
    }

    /// <summary>The beginning of a message of the model.</summary>
    public static AgentOutput Begin(MessageId message) => new MessageAdded(message, Role.Assistant, MessageStatus.Pending, 0, [], Model: "scripted/test");

    public IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, CancellationToken cancellationToken) => script(turn, cancellationToken);

    public ValueTask DisposeAsync() => default;
}
