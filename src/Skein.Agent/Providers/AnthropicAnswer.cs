using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>What has come of one answer of the Messages API, an event after the other.</summary>
internal sealed class AnthropicAnswer(ModelErrors errors)
{
    private readonly Dictionary<long, ToolCalls.Growing> _calls = [];
    private string? _stop;
    private long _input, _output, _thinking, _cacheRead, _cacheWrite;
    private Usage _told = new();

    public bool HasEnded { get; private set; }

    /// <exception cref="JsonException">It is no JSON object.</exception>
    /// <exception cref="ModelException">It tells of an error.</exception>
    public ChatResponseUpdate? Read(string data)
    {
        var e = JsonElement.Parse(data);
        if (e.ValueKind != JsonValueKind.Object)
            throw new JsonException("an event that is no JSON object");

        switch (WireJson.Text(e, "type"))
        {
            case "message_start":
                return Update(Begin(e));
            case "content_block_start":
                return Update(WireJson.Object(e, "content_block") is { } block ? Start(WireJson.Number(e, "index"), block) : null);
            case "content_block_delta":
                return Update(WireJson.Object(e, "delta") is { } delta ? Delta(WireJson.Number(e, "index"), delta) : null);
            case "content_block_stop":
                return Update(_calls.Remove(WireJson.Number(e, "index"), out var call) ? call.Finish() : null);
            case "message_delta":
                Count(e);
                return null;
            case "message_stop":
                HasEnded = true;
                return End();
            // {"type":"error","error":{"type":"overloaded_error","message":…}}.
            case "error":
                throw errors.FromStream(e);
            // Kinds of events that are new are passed over.
            default:
                return null;
        }
    }

    // Told at once, since an answer that breaks off was read all the same; what the end tells beyond that is added.
    private UsageContent? Begin(JsonElement e)
    {
        if (WireJson.Object(e, "message") is not { } message || WireJson.Object(message, "usage") is not { } usage)
            return null;
        _input = WireJson.Number(usage, "input_tokens");
        _output = WireJson.Number(usage, "output_tokens");
        _cacheRead = WireJson.Number(usage, "cache_read_input_tokens");
        _cacheWrite = WireJson.Number(usage, "cache_creation_input_tokens");
        _told = new Usage(_input, 0, 0, _cacheRead, _cacheWrite);
        return new UsageContent(TokenCounts.ToDetails(_told));
    }

    private AIContent? Start(long index, JsonElement block)
    {
        switch (WireJson.Text(block, "type"))
        {
            case "tool_use":
                return (_calls[index] = new ToolCalls.Growing(WireJson.Text(block, "id") ?? "", WireJson.Text(block, "name") ?? "")).Add("");
            case "redacted_thinking":
                return new TextReasoningContent("") { ProtectedData = AnthropicRequest.Redacted + WireJson.Text(block, "data") };
            case "thinking":
                var (thinking, signature) = (WireJson.Text(block, "thinking") ?? "", WireJson.Text(block, "signature"));
                return thinking.Length > 0 || signature is { Length: > 0 } ? new TextReasoningContent(thinking) { ProtectedData = signature is { Length: > 0 } ? signature : null } : null;
            default:
                return WireJson.Text(block, "text") is { Length: > 0 } text ? new TextContent(text) : null;
        }
    }

    private AIContent? Delta(long index, JsonElement delta) => WireJson.Text(delta, "type") switch
    {
        "text_delta" => new TextContent(WireJson.Text(delta, "text")),
        "thinking_delta" => new TextReasoningContent(WireJson.Text(delta, "thinking")),
        "signature_delta" => new TextReasoningContent("") { ProtectedData = WireJson.Text(delta, "signature") },
        "input_json_delta" when _calls.TryGetValue(index, out var call) => call.Add(WireJson.Text(delta, "partial_json") ?? ""),
        _ => null,
    };

    // The counts of the end are totals, and replace those of the beginning where they are given.
    private void Count(JsonElement e)
    {
        if (WireJson.Object(e, "delta") is { } delta)
            _stop = WireJson.Text(delta, "stop_reason") ?? _stop;
        if (WireJson.Object(e, "usage") is not { } usage)
            return;
        _input = WireJson.Given(usage, "input_tokens") ?? _input;
        _output = WireJson.Given(usage, "output_tokens") ?? _output;
        _thinking = WireJson.Object(usage, "output_tokens_details") is { } details ? WireJson.Number(details, "thinking_tokens") : 0;
        _cacheRead = WireJson.Given(usage, "cache_read_input_tokens") ?? _cacheRead;
        _cacheWrite = WireJson.Given(usage, "cache_creation_input_tokens") ?? _cacheWrite;
    }

    private ChatResponseUpdate End() => new()
    {
        Role = ChatRole.Assistant,
        FinishReason = _stop switch
        {
            "tool_use" => ChatFinishReason.ToolCalls,
            "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
            "refusal" => ChatFinishReason.ContentFilter,
            _ => ChatFinishReason.Stop,
        },
        Contents = [new UsageContent(TokenCounts.ToDetails(
            new Usage(More(_input, _told.Input), More(_output, _thinking), _thinking, More(_cacheRead, _told.CacheRead), More(_cacheWrite, _told.CacheWrite))))],
    };

    private static long More(long all, long told) => Math.Max(0, all - told);

    private static ChatResponseUpdate? Update(AIContent? content) => content is null ? null : new ChatResponseUpdate(ChatRole.Assistant, [content]);
}
