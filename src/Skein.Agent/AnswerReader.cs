using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using Skein.Agent.Providers;
using Skein.Agent.Providers.TextCalls;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent;

/// <summary>Makes parts of what a model streams: the parts of one attempt at one message. Not safe for use by several threads.</summary>
internal sealed class AnswerReader(MessageId message, IdSource ids)
{
    private readonly List<PartId> _begun = [];
    private readonly List<MessagePart> _parts = [];
    private readonly Dictionary<string, PartId> _openCalls = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private StreamKind? _open;
    private PartId _openId;
    private string? _proof;
    private ChatFinishReason? _finish;

    /// <summary>The parts that are complete, in the order they began.</summary>
    public IEnumerable<Part> Parts => _parts.Select(p => p.Content);

    public IReadOnlyList<ToolCallPart> Calls => [.. Parts.OfType<ToolCallPart>()];

    public Usage? Usage { get; private set; }

    /// <summary>The model ended without a word or a call, and not because it had to.</summary>
    public bool IsEmpty => Stop == StopReason.End && !_parts.Any(p => p.Content is TextPart text && !string.IsNullOrWhiteSpace(text.Text));

    /// <summary>The limit of its length came before a word or a call.</summary>
    public bool IsCutUnsaid => Stop == StopReason.Length && !_parts.Any(p => p.Content is ToolCallPart or TextPart);

    public StopReason Stop =>
        _finish == ChatFinishReason.Length ? StopReason.Length
        : _finish == ChatFinishReason.ContentFilter ? StopReason.Refused
        // Some servers say that they stopped when they called.
        : _parts.Any(p => p.Content is ToolCallPart) ? StopReason.ToolUse
        : StopReason.End;

    public IEnumerable<AgentOutput> Read(ChatResponseUpdate update)
    {
        _finish = update.FinishReason ?? _finish;
        var outputs = new List<AgentOutput>();
        foreach (var content in update.Contents)
            Read(content, outputs);
        return outputs;
    }

    /// <summary>The stream has ended: completes what is open.</summary>
    public IEnumerable<EventBody> Close()
    {
        if (_open is not { } kind)
            return [];

        _open = null;
        var content = kind == StreamKind.Reasoning ? (Part)new ReasoningPart(_text.ToString(), _proof) : new TextPart(_text.ToString());
        return [Added(_openId, content)];
    }

    /// <summary>The stream has failed for good: what was said is kept, calls will not be carried out.</summary>
    public IEnumerable<EventBody> Abandon(string reason)
    {
        var open = Close().ToList();
        var kept = _parts.Where(p => p.Content is not ToolCallPart).Select(p => p.Id).ToHashSet();
        return [.. open, .. _begun.Where(id => !kept.Contains(id)).Select(id => new PartDropped(message, id, reason))];
    }

    /// <summary>The stream has failed and will be tried again: nothing of it counts.</summary>
    public IEnumerable<EventBody> Drop(string reason) => _begun.Select(id => new PartDropped(message, id, reason));

    private void Read(AIContent content, List<AgentOutput> outputs)
    {
        switch (content)
        {
            case TextContent { Text.Length: > 0 } text:
                Open(StreamKind.Text, outputs);
                Grow(text.Text, outputs);
                break;
            case TextReasoningContent reasoning:
                Think(reasoning, outputs);
                break;
            case SaidWasThought when _open == StreamKind.Text:
                _open = StreamKind.Reasoning;
                CloseInto(outputs);
                break;
            case ToolCallPiece piece:
                CloseInto(outputs);
                outputs.Add(new AgentDelta(message, PartOf(piece.CallId), StreamKind.ToolCall, piece.Arguments, piece.CallId, piece.Tool));
                break;
            case FunctionCallContent call:
                CloseInto(outputs);
                var part = PartOf(call.CallId);
                _openCalls.Remove(call.CallId);
                outputs.Add(Added(part, new ToolCallPart(UniqueId(call.CallId), call.Name, ToolCalls.ArgumentsOf(call))));
                break;
            case UsageContent usage:
                Usage = TokenCounts.Plus(Usage, usage);
                break;
            case ErrorContent error:
                throw new ModelException(FailureKind.Internal, $"The model's answer holds an error: {error.Message}");
        }
    }

    // A proof ends a thought; the next one is another part.
    private void Think(TextReasoningContent reasoning, List<AgentOutput> outputs)
    {
        if (reasoning is { Text.Length: 0, ProtectedData: null })
            return;

        Open(StreamKind.Reasoning, outputs);
        Grow(reasoning.Text, outputs);
        if (reasoning.ProtectedData is not { } proof)
            return;

        _proof = proof;
        CloseInto(outputs);
    }

    private void Open(StreamKind kind, List<AgentOutput> outputs)
    {
        if (_open == kind)
            return;

        CloseInto(outputs);
        _text.Clear();
        _proof = null;
        _open = kind;
        _openId = Begin();
    }

    private void Grow(string text, List<AgentOutput> outputs)
    {
        _text.Append(text);
        if (text.Length > 0)
            outputs.Add(new AgentDelta(message, _openId, _open!.Value, text));
    }

    private void CloseInto(List<AgentOutput> outputs) => outputs.AddRange(Close().Select(AgentOutput.FromEventBody));

    private PartId PartOf(string callId) => _openCalls.TryGetValue(callId, out var part) ? part : _openCalls[callId] = Begin();

    private PartId Begin()
    {
        var id = ids.Next<PartId>();
        _begun.Add(id);
        return id;
    }

    private PartAdded Added(PartId id, Part content)
    {
        _parts.Add(new MessagePart(id, content));
        return new PartAdded(message, id, content);
    }

    // Some servers give every call the same id, or none.
    private string UniqueId(string callId)
    {
        var id = callId.Length == 0 ? "call" : callId;
        for (var n = 2; _parts.Any(p => p.Content is ToolCallPart call && call.CallId == id); n++)
            id = string.Create(CultureInfo.InvariantCulture, $"{callId}_{n}");
        return id;
    }
}
