using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;
using static Skein.Agent.Providers.WireJson;

namespace Skein.Agent.Providers;

/// <summary>What has come of one answer of the Responses API: items that begin, grow and are done, until the response is.</summary>
internal sealed class OpenAiResponsesAnswer(ModelErrors errors)
{
    private readonly SortedDictionary<long, ToolCalls.Growing> _calls = [];

    // Items of which text was shown while it arrived.
    private readonly HashSet<long> _shown = [];
    private ChatFinishReason? _finish;
    private Usage? _usage;
    private bool _called;
    private bool _refused;

    /// <summary>Nothing that counts will follow.</summary>
    public bool HasEnded => _finish is not null;

    /// <exception cref="JsonException">It is not JSON.</exception>
    public List<ChatResponseUpdate> Read(string data)
    {
        using var document = JsonDocument.Parse(data);
        var e = document.RootElement;
        if (e.ValueKind != JsonValueKind.Object)
            throw errors.Garbage("an event that is no JSON object");

        var updates = new List<ChatResponseUpdate>();
        var index = Number(e, "output_index");
        switch (Text(e, "type"))
        {
            case "response.output_text.delta":
                Show(index, new TextContent(Text(e, "delta")), updates);
                break;
            case "response.refusal.delta":
                _refused = true;
                Show(index, new TextContent(Text(e, "delta")), updates);
                break;
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                Show(index, new TextReasoningContent(Text(e, "delta")), updates);
                break;
            case "response.reasoning_summary_part.added" when Number(e, "summary_index") > 0:
                Show(index, new TextReasoningContent("\n\n"), updates);
                break;
            case "response.output_item.added" when Object(e, "item") is { } item && Text(item, "type") is "function_call":
                Begin(index, item, updates);
                break;
            case "response.function_call_arguments.delta" when Text(e, "delta") is { } piece:
                updates.Add(Update((_calls.GetValueOrDefault(index) ?? throw errors.Garbage("arguments of a tool call that never began")).Add(piece)));
                break;
            case "response.output_item.done" when Object(e, "item") is { } item:
                Finish(index, item, updates);
                break;
            case "response.completed" or "response.incomplete":
                End(Object(e, "response") ?? throw errors.Garbage("an end without a response"), updates);
                break;
            case "response.failed":
                throw errors.FromStream(Object(e, "response") ?? e);
            // Some servers leave the type out.
            case "error" or null when e.TryGetProperty("message", out _) || e.TryGetProperty("error", out _):
                throw errors.FromStream(e);
        }

        return updates;
    }

    /// <summary>What the end of the stream means, if the response has not ended.</summary>
    public ModelException TooEarly() => errors.Broken("the stream ended before the answer did.");

    private void Show(long index, AIContent content, List<ChatResponseUpdate> updates)
    {
        _shown.Add(index);
        updates.Add(Update(content));
    }

    private ToolCalls.Growing Begin(long index, JsonElement item, List<ChatResponseUpdate> updates)
    {
        var call = _calls[index] = new ToolCalls.Growing(
            Text(item, "call_id") ?? Text(item, "id") ?? $"call_{index}", Text(item, "name") ?? throw errors.Garbage("a tool call without a name"));
        _called = true;
        updates.Add(Update(call.Add("")));
        return call;
    }

    // The item as it is at last; servers that do not stream send nothing before it.
    private void Finish(long index, JsonElement item, List<ChatResponseUpdate> updates)
    {
        switch (Text(item, "type"))
        {
            case "function_call":
                var call = _calls.GetValueOrDefault(index) ?? Begin(index, item, updates);
                if (call.IsEmpty && Text(item, "arguments") is { Length: > 0 } arguments)
                    updates.Add(Update(call.Add(arguments)));
                updates.Add(Update(call.Finish()));
                _calls.Remove(index);
                break;
            case "message" when !_shown.Contains(index):
                updates.AddRange(Texts(item, "content").Select(t => Update(new TextContent(t))));
                break;
            case "reasoning":
                var thoughts = _shown.Contains(index) ? "" : string.Join("\n\n", Texts(item, "summary"));
                updates.Add(Update(new TextReasoningContent(thoughts) { ProtectedData = Text(item, "encrypted_content") }));
                break;
        }
    }

    private void End(JsonElement response, List<ChatResponseUpdate> updates)
    {
        foreach (var call in _calls.Values)
            updates.Add(Update(call.Finish()));
        _calls.Clear();
        if (Object(response, "usage") is { } usage)
            _usage = UsageOf(usage);
        var cut = Object(response, "incomplete_details") is { } details ? Text(details, "reason") : null;
        _finish = _refused || cut is "content_filter" ? ChatFinishReason.ContentFilter
            : cut is not null || Text(response, "status") is "incomplete" ? ChatFinishReason.Length
            : _called ? ChatFinishReason.ToolCalls
            : ChatFinishReason.Stop;
        updates.Add(new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = _finish,
            Contents = _usage is null ? [] : [new UsageContent(TokenCounts.ToDetails(_usage))],
        });
    }

    private static IEnumerable<string> Texts(JsonElement item, string name) =>
        item.TryGetProperty(name, out var parts) && parts.ValueKind == JsonValueKind.Array
            ? [.. parts.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object).Select(p => Text(p, "text") ?? "").Where(t => t.Length > 0)]
            : [];

    private static ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]);

    private static Usage UsageOf(JsonElement usage) => TokenCounts.Split(
        Number(usage, "input_tokens"), Number(usage, "output_tokens"),
        Object(usage, "output_tokens_details") is { } output ? Number(output, "reasoning_tokens") : 0,
        Object(usage, "input_tokens_details") is { } input ? Number(input, "cached_tokens") : 0, 0);
}
