using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;
using static Skein.Agent.Providers.WireJson;

namespace Skein.Agent.Providers;

/// <summary>What has come of one answer of Ollama: JSON objects, one a line.</summary>
internal sealed class OllamaAnswer(ModelErrors errors)
{
    private int _calls;

    /// <summary>Nothing that counts will follow.</summary>
    public bool HasEnded { get; private set; }

    /// <exception cref="JsonException">It is not JSON.</exception>
    public List<ChatResponseUpdate> Read(string line)
    {
        using var document = JsonDocument.Parse(line);
        var chunk = document.RootElement;
        if (chunk.ValueKind != JsonValueKind.Object)
            throw errors.Garbage("a line that is no JSON object");
        if (chunk.TryGetProperty("error", out var error))
            throw errors.FromStream(error);

        var updates = new List<ChatResponseUpdate>();
        if (Object(chunk, "message") is { } message)
            Read(message, updates);
        if (chunk.TryGetProperty("done", out var done) && done.ValueKind == JsonValueKind.True)
            End(chunk, updates);
        return updates;
    }

    private void Read(JsonElement message, List<ChatResponseUpdate> updates)
    {
        if (Text(message, "thinking") is { Length: > 0 } thought)
            updates.Add(Update(new TextReasoningContent(thought)));
        if (Text(message, "content") is { Length: > 0 } text)
            updates.Add(Update(new TextContent(text)));
        if (!message.TryGetProperty("tool_calls", out var calls) || calls.ValueKind != JsonValueKind.Array)
            return;

        foreach (var call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || Object(call, "function") is not { } function || Text(function, "name") is not { Length: > 0 } name)
                throw errors.Garbage("a tool call without a name");

            // They come whole, and from older servers without an id.
            var whole = new ToolCalls.Growing(Text(call, "id") is { Length: > 0 } id ? id : $"call_{_calls}", name);
            _calls++;
            updates.Add(Update(whole.Add(
                !function.TryGetProperty("arguments", out var arguments) ? ""
                : arguments.ValueKind == JsonValueKind.String ? arguments.GetString()! : arguments.GetRawText())));
            updates.Add(Update(whole.Finish()));
        }
    }

    private void End(JsonElement chunk, List<ChatResponseUpdate> updates)
    {
        HasEnded = true;
        updates.Add(new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = Text(chunk, "done_reason") is "length" ? ChatFinishReason.Length : _calls > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Contents = [new UsageContent(TokenCounts.ToDetails(new Usage(Number(chunk, "prompt_eval_count"), Number(chunk, "eval_count"), 0, 0, 0)))],
        });
    }

    private static ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]);
}
