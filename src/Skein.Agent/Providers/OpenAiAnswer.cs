using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;
using static Skein.Agent.Providers.WireJson;

namespace Skein.Agent.Providers;

/// <summary>What has come of one answer of Chat Completions.</summary>
internal sealed class OpenAiAnswer(ModelErrors errors)
{
    private readonly SortedDictionary<int, ToolCalls.Growing> _calls = [];
    private ChatFinishReason? _finish;
    private Usage? _usage;
    private int _finished;
    private bool _refused;

    /// <exception cref="JsonException">It is not JSON.</exception>
    public List<ChatResponseUpdate> Read(string data)
    {
        using var document = JsonDocument.Parse(data);
        var chunk = document.RootElement;
        if (chunk.ValueKind != JsonValueKind.Object)
            throw errors.Garbage("an event that is no JSON object");
        if (chunk.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
            throw errors.FromStream(error);

        if (Object(chunk, "usage") is { } usage)
            _usage = UsageOf(usage);

        var updates = new List<ChatResponseUpdate>();
        if (chunk.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0)
            Read(choices[0], updates);
        return updates;
    }

    /// <summary>The rest, when the stream has ended.</summary>
    /// <exception cref="ModelException">The answer has not ended.</exception>
    public IEnumerable<ChatResponseUpdate> End()
    {
        if (_finish is null)
            throw errors.Broken("the stream ended before the answer did.");

        var rest = new List<ChatResponseUpdate>();
        FinishCalls(rest);
        rest.Add(new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = _refused ? ChatFinishReason.ContentFilter : _finish,
            Contents = _usage is null ? [] : [new UsageContent(TokenCounts.ToDetails(_usage))],
        });
        return rest;
    }

    private void Read(JsonElement choice, List<ChatResponseUpdate> updates)
    {
        if (Object(choice, "delta") is { } delta)
        {
            // Not in the API, but in that of most servers whose models think aloud.
            if ((Text(delta, "reasoning_content") ?? Text(delta, "reasoning")) is { Length: > 0 } thought)
                updates.Add(Update(new TextReasoningContent(thought)));
            if (Text(delta, "content") is { Length: > 0 } text)
                Say(text, updates);
            if (Text(delta, "refusal") is { Length: > 0 } refusal)
            {
                _refused = true;
                Say(refusal, updates);
            }

            if (delta.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
                foreach (var call in calls.EnumerateArray())
                    Call(call, updates);
        }

        if (Text(choice, "finish_reason") is { Length: > 0 } reason)
            _finish = FinishOf(reason);
    }

    // The order of what was said is kept: calls before it are over.
    private void Say(string text, List<ChatResponseUpdate> updates)
    {
        FinishCalls(updates);
        updates.Add(Update(new TextContent(text)));
    }

    private void Call(JsonElement piece, List<ChatResponseUpdate> updates)
    {
        if (piece.ValueKind != JsonValueKind.Object)
            throw errors.Garbage("a tool call that is no JSON object");

        var id = Text(piece, "id");
        var function = Object(piece, "function") ?? default;
        var name = function.ValueKind == JsonValueKind.Object ? Text(function, "name") : null;
        // Servers that send whole calls may leave the index out: a name begins the next one.
        var index = piece.TryGetProperty("index", out var at) && at.TryGetInt32(out var given) ? given
            : _finished + _calls.Count - (string.IsNullOrEmpty(name) && _calls.Count > 0 ? 1 : 0);

        if (!_calls.TryGetValue(index, out var call))
        {
            if (string.IsNullOrEmpty(name))
                throw errors.Garbage("arguments of a tool call that never began");
            call = _calls[index] = new ToolCalls.Growing(id is { Length: > 0 } ? id : $"call_{index}", name);
            updates.Add(Update(call.Add("")));
        }

        if (function.ValueKind == JsonValueKind.Object && function.TryGetProperty("arguments", out var arguments))
            Grow(call, arguments, updates);
    }

    private static void Grow(ToolCalls.Growing call, JsonElement arguments, List<ChatResponseUpdate> updates)
    {
        // An object in place of its text is a common mistake of servers.
        var text = arguments.ValueKind switch
        {
            JsonValueKind.String => arguments.GetString()!,
            JsonValueKind.Object => arguments.GetRawText(),
            _ => "",
        };
        if (text.Length > 0)
            updates.Add(Update(call.Add(text)));
    }

    private void FinishCalls(List<ChatResponseUpdate> updates)
    {
        foreach (var call in _calls.Values)
            updates.Add(Update(call.Finish()));
        _finished += _calls.Count;
        _calls.Clear();
    }

    private static ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]);

    private static ChatFinishReason FinishOf(string reason) => reason switch
    {
        "tool_calls" or "function_call" => ChatFinishReason.ToolCalls,
        "length" or "model_length" or "max_tokens" => ChatFinishReason.Length,
        "content_filter" => ChatFinishReason.ContentFilter,
        _ => ChatFinishReason.Stop,
    };

    private static Usage UsageOf(JsonElement usage)
    {
        var prompt = Object(usage, "prompt_tokens_details");
        var completion = Object(usage, "completion_tokens_details");
        // DeepSeek's name for it.
        var cached = prompt is { } p ? Number(p, "cached_tokens") : Number(usage, "prompt_cache_hit_tokens");
        return TokenCounts.Split(
            Number(usage, "prompt_tokens"), Number(usage, "completion_tokens"),
            completion is { } c ? Number(c, "reasoning_tokens") : 0, cached, prompt is { } w ? Number(w, "cache_write_tokens") : 0);
    }
}
