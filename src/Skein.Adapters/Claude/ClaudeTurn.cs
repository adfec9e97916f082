using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Adapters.Claude;

/// <summary>
/// One turn: Claude Code's frames become messages. It tells everything twice, in pieces as they come and as whole
/// blocks.
/// </summary>
internal sealed class ClaudeTurn(string agent, TurnId turn, TurnWriter writer, ClaudePlan plan)
{
    private readonly PieceWriter _pieces = new(writer);
    private readonly HashSet<string> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Tool, JsonElement Input)> _planning = new(StringComparer.Ordinal);
    private string? _message;
    private string? _stop;
    private Usage? _usage;

    /// <summary>What an answer was marked with, where it stands for a failed call of the model.</summary>
    public string? Error { get; private set; }

    public bool HasOpenCalls => writer.Open.Any();

    /// <returns>False: it has no event of its own.</returns>
    public bool Hear(JsonElement frame, AgentSteps steps)
    {
        if (frame.Text("uuid") is { } uuid && !_heard.Add(uuid))
            return true;
        if (frame.Text("parent_tool_use_id") is { } call)
            return HearSubagent(call, frame);

        return frame.Text("type") switch
        {
            "stream_event" => frame.Find("event") is { } piece && HearPiece(piece),
            "assistant" => frame.Find("message") is { } message && HearMessage(message, frame),
            "user" => frame.Find("isReplay") is not null || HearResults(frame),
            "system" => HearSystem(frame, steps),
            _ => false,
        };
    }

    /// <summary>The turn is over.</summary>
    public void End(bool isInterrupted, bool isFailed, decimal? cost, AgentSteps steps)
    {
        foreach (var call in writer.Open.ToList())
            writer.Finish(call, "The turn ended before this call did.", isError: true);
        EndMessage(isInterrupted ? StopReason.Interrupted : isFailed ? StopReason.Failed : null, cost);
    }

    // What its sub-agents say is theirs, not this conversation's; the pieces of it come again as a whole.
    private bool HearSubagent(string call, JsonElement frame)
    {
        if (frame.Text("type") is not ("assistant" or "user") || frame.Find("message") is not { } message || ClaudeBlocks.PartsOf(message) is not { } parts)
            return frame.Text("type") == "stream_event";

        writer.Tell(new SubagentReported(turn, call, parts));
        return true;
    }

    private bool HearPiece(JsonElement piece)
    {
        switch (piece.Text("type"))
        {
            case "message_start" when piece.Find("message") is { } message:
                if (_stop is not null)
                    EndMessage(null, null); // Some gateways give all messages one id.
                Begin(message);
                writer.BeginMessage();
                return true;
            case "content_block_delta" when piece.Find("delta") is { } delta:
                if (delta.Text("text") is { } text)
                    Say(StreamKind.Text, text);
                else if (delta.Text("thinking") is { } thought)
                    Say(StreamKind.Reasoning, thought);
                return true; // Inputs and signatures come with their block.
            case "message_delta":
                _stop = piece.Find("delta")?.Text("stop_reason") ?? _stop;
                if (piece.Find("usage")?.Number("output_tokens") is { } output)
                    _usage = (UsageOf(piece) ?? _usage ?? new Usage()) with { Output = output }; // Often only this count is told.
                return true;
            default:
                return piece.Text("type") is "content_block_start" or "content_block_stop" or "message_stop" or "ping";
        }
    }

    private bool HearMessage(JsonElement message, JsonElement frame)
    {
        Begin(message);
        Error = frame.Text("error") ?? Error;
        var isKnown = true;
        foreach (var block in message.Items("content"))
            isKnown &= HearBlock(block);
        return isKnown;
    }

    private bool HearBlock(JsonElement block)
    {
        switch (block.Text("type"))
        {
            case "text" when block.Text("text") is { } text:
                Add(StreamKind.Text, text, null);
                return true;
            case "thinking" when block.Text("thinking") is { } thought:
                Add(StreamKind.Reasoning, thought, block.Text("signature"));
                return true;
            case "tool_use" when block.Text("id") is { } id && block.Text("name") is { } tool && block.Find("input") is { } input:
                _pieces.End();
                writer.Start(id, tool, input, ClaudeCall.TitleOf(tool, input), ClaudeCall.Reads(tool));
                if (ClaudePlan.IsOf(tool))
                    _planning[id] = (tool, input);
                return true;
            default:
                return false;
        }
    }

    private bool HearResults(JsonElement frame)
    {
        var isKnown = false;
        foreach (var block in frame.Find("message")?.Items("content") ?? [])
        {
            _pieces.End();
            if (block.Text("type") != "tool_result" || block.Text("tool_use_id") is not { } id)
                return false;
            var told = frame.Find("tool_use_result");
            isKnown = writer.Finish(id, ClaudeBlocks.TextOf(block), ClaudeBlocks.IsError(block), ClaudeCall.MetadataOf(told));
            if (!isKnown)
                return false;
            if (_planning.Remove(id, out var call) && !ClaudeBlocks.IsError(block) && plan.Hear(call.Tool, call.Input, told) is { } now)
                writer.Tell(new PlanUpdated(turn, now));
        }

        return isKnown;
    }

    private bool HearSystem(JsonElement frame, AgentSteps steps)
    {
        switch (frame.Text("subtype"))
        {
            case "api_retry":
                var why = frame.Text("error") ?? "failed";
                var status = frame.Number("error_status");
                steps.Yield(new ModelRetried(
                    turn, (int)Math.Clamp(frame.Number("attempt") ?? 1, 1, int.MaxValue), Math.Max(0, frame.Number("retry_delay_ms") ?? 0),
                    status is { } code ? FailureWords.KindOf(code, why) : FailureWords.KindOf(why), $"{agent}: {why}{(status is null ? "" : $" ({status})")}"));
                return true;
            case "compact_boundary":
                var about = frame.Find("compact_metadata");
                steps.Yield(new AgentCompacted(agent, about?.Text("trigger"), about?.Number("pre_tokens")));
                return true;
            case "thinking_tokens":
                return true; // An estimate of what the message's usage tells.
            default:
                return frame.Text("subtype") == "status" && frame.Text("status") == "requesting";
        }
    }

    private void Begin(JsonElement message)
    {
        if (message.Text("id") is { } id && id != _message)
        {
            EndMessage(null, null);
            _message = id;
            writer.Model = message.Text("model") ?? writer.Model;
        }

        _usage ??= UsageOf(message);
    }

    // One text of a kind arrives at a time.
    private void Say(StreamKind kind, string piece) => _pieces.Say(kind.ToString(), kind, piece);

    private void Add(StreamKind kind, string whole, string? signature) => _pieces.Add(kind.ToString(), kind, whole, signature);

    private void EndMessage(StopReason? stop, decimal? cost)
    {
        _pieces.End();
        var reason = stop ?? _stop switch
        {
            "tool_use" => StopReason.ToolUse,
            "max_tokens" => StopReason.Length,
            "refusal" => StopReason.Refused,
            _ => StopReason.End,
        };
        if (cost is null)
            writer.Complete(reason, _usage);
        else
            writer.End(reason, _usage, cost);
        (_message, _stop, _usage) = (null, null, null);
    }

    private static Usage? UsageOf(JsonElement told) => told.Find("usage") is { } usage && usage.Number("input_tokens") is { } input
        ? new Usage(input, usage.Number("output_tokens") ?? 0, 0, usage.Number("cache_read_input_tokens") ?? 0, usage.Number("cache_creation_input_tokens") ?? 0)
        : null;
}
