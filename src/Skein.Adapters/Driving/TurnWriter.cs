using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>
/// Makes the messages of one turn out of what a driven agent says, piece by piece. Text that arrives is shown at once, and becomes one
/// part when something else begins. Where the agent does not say where a message ends, the first words after its calls' results begin
/// the next one.
/// </summary>
public sealed class TurnWriter(IdSource ids, TimeProvider time, AgentSteps steps)
{
    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private MessageId? _message;
    private PartId _part;
    private StreamKind? _streaming;
    private bool _isAnswered;

    /// <summary>The model that speaks, as <see cref="MessageAdded.Model"/>.</summary>
    public string? Model { get; set; }

    /// <summary>The calls that have no result yet, as the agent calls them.</summary>
    public IEnumerable<string> Open => _calls.Where(c => !c.Value.Done).Select(c => c.Key);

    /// <summary>The model begins to answer, and nothing of that has come yet: the message that is told now is not waited for with its first words.</summary>
    public void BeginMessage() => _ = Message();

    /// <summary>More of what the agent says, or thinks aloud.</summary>
    /// <param name="kind">Not the arguments of a call.</param>
    public void Say(StreamKind kind, string piece)
    {
        if (piece.Length == 0)
            return;

        if (_streaming != kind)
            Begin(kind);
        _text.Append(piece);
        steps.Yield(new AgentDelta(_message!.Value, _part, kind, piece));
    }

    /// <summary>Ends the part that is arriving, with its whole text where the agent tells that too.</summary>
    /// <param name="whole">Null: what arrived is all of it.</param>
    /// <param name="signature">As <see cref="ReasoningPart.Signature"/>.</param>
    public void EndPart(string? whole = null, string? signature = null)
    {
        if (_streaming is not { } kind)
            return;

        var text = whole ?? _text.ToString();
        steps.Yield(new PartAdded(_message!.Value, _part, kind == StreamKind.Text ? new TextPart(text) : new ReasoningPart(text, signature)));
        _streaming = null;
        _text.Clear();
    }

    /// <summary>A whole part that did not arrive in pieces.</summary>
    public void Add(Part content)
    {
        EndPart();
        steps.Yield(new PartAdded(Message(), ids.Next<PartId>(), content));
    }

    /// <summary>Whether there is such a call in this turn.</summary>
    public bool Has(string callId) => _calls.ContainsKey(callId);

    /// <summary>The agent calls a tool of its own, and carries it out.</summary>
    /// <param name="reads">It is known to change no file of the workspace.</param>
    /// <returns>False: it called that already.</returns>
    public bool Start(string callId, string tool, JsonElement arguments, string? title, bool reads)
    {
        if (Has(callId))
            return false;

        EndPart();
        var message = Message();
        _calls[callId] = new Call(message, time.GetTimestamp());
        steps.Yield(new AgentEvents(
        [
            new PartAdded(message, ids.Next<PartId>(), new ToolCallPart(callId, tool, arguments)),
            new ToolStarted(message, callId, tool, title, reads),
        ]));
        return true;
    }

    /// <summary>What stands beside the messages.</summary>
    public void Tell(EventBody body) => steps.Yield(body);

    /// <summary>A call has ended.</summary>
    /// <returns>False: there is no such call, or it had ended.</returns>
    public bool Finish(string callId, string output, bool isError, JsonElement? metadata = null)
    {
        if (!_calls.TryGetValue(callId, out var call) || call.Done)
            return false;

        // Not by the message's end: the words that arrived before the result stand before it.
        EndPart();
        call.Done = true;
        _isAnswered = !Open.Any();
        steps.Yield(new AgentEvents(
        [
            new PartAdded(call.Message, ids.Next<PartId>(), new ToolResultPart(callId, output, isError)),
            new ToolFinished(call.Message, callId, isError, (long)time.GetElapsedTime(call.Started).TotalMilliseconds, metadata),
        ]));
        return true;
    }

    /// <summary>The model has said all of its message; what comes next begins another.</summary>
    public void Complete(StopReason stop, Usage? usage = null, decimal? cost = null)
    {
        EndPart();
        if (_message is { } message)
            steps.Yield(new MessageCompleted(message, stop, usage, cost));
        _message = null;
        _isAnswered = false;
    }

    /// <summary>The turn is over: what is open is closed. Counts that come without any message get one.</summary>
    public void End(StopReason stop, Usage? usage = null, decimal? cost = null)
    {
        if (usage is not null || cost is not null)
            _ = Message(continues: true);
        Complete(stop, usage, cost);
    }

    private void Begin(StreamKind kind)
    {
        EndPart();
        _ = Message();
        _part = ids.Next<PartId>();
        _streaming = kind;
    }

    private MessageId Message(bool continues = false)
    {
        if (_message is not null && _isAnswered && !continues)
            Complete(StopReason.ToolUse);
        if (_message is { } open)
            return open;

        var message = ids.Next<MessageId>();
        _message = message;
        steps.Yield(new MessageAdded(message, Role.Assistant, MessageStatus.Pending, 0, [], Model: Model));
        return message;
    }

    private sealed class Call(MessageId message, long started)
    {
        public MessageId Message => message;
        public long Started => started;
        public bool Done { get; set; }
    }
}
