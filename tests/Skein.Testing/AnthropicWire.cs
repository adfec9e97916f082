using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Testing;

/// <summary>Anthropic's Messages: blocks that begin, grow and end; without a stream, the whole message.</summary>
internal sealed class AnthropicWire(bool streams) : ModelWire
{
    public override string ContentType => streams ? "text/event-stream" : "application/json";

    public override IEnumerable<string> Begin(StreamedAnswer answer)
    {
        if (!streams)
            yield break;
        var t = answer.Tokens;
        yield return Event("message_start", new
        {
            message = new
            {
                id = "msg_1", type = "message", role = "assistant", content = Array.Empty<object>(), model = "any", stop_reason = (string?)null, stop_sequence = (string?)null,
                usage = new { input_tokens = t.Input, output_tokens = 1, cache_read_input_tokens = t.CacheRead, cache_creation_input_tokens = t.CacheWrite },
            },
        });
        yield return Event("ping", new { });
    }

    public override IEnumerable<string> Part(StreamedAnswer answer, int index)
    {
        if (!streams)
            yield break;
        var (block, deltas) = answer.Parts[index] switch
        {
            Said said => ((object)new { type = "text", text = "" }, said.Chunks.Select(c => (object)new { type = "text_delta", text = c })),
            Thought thought => (new { type = "thinking", thinking = "", signature = "" },
                [new { type = "thinking_delta", thinking = thought.Text }, new { type = "signature_delta", signature = thought.Signature }]),
            HiddenThought hidden => (new { type = "redacted_thinking", data = hidden.Data }, []),
            Called called => (new { type = "tool_use", id = called.Id, name = called.Tool, input = new { } },
                called.ArgumentChunks.Select(c => (object)new { type = "input_json_delta", partial_json = c })),
            var other => throw new InvalidOperationException($"Anthropic's wire has no {other.GetType().Name}."),
        };
        yield return Event("content_block_start", new { index, content_block = block });
        foreach (var delta in deltas)
            yield return Event("content_block_delta", new { index, delta });
        yield return Event("content_block_stop", new { index });
    }

    public override IEnumerable<string> End(StreamedAnswer answer)
    {
        var t = answer.Tokens;
        var stop = answer.Finish ?? (answer.Parts.Any(p => p is Called) ? "tool_use" : "end_turn");
        if (!streams)
        {
            yield return JsonSerializer.Serialize(new
            {
                id = "msg_1", type = "message", role = "assistant", content = answer.Parts.Select(Whole), model = "any", stop_reason = stop, stop_sequence = (string?)null,
                usage = new { input_tokens = t.Input, output_tokens = t.Output + t.Reasoning, cache_read_input_tokens = t.CacheRead, cache_creation_input_tokens = t.CacheWrite },
            });
            yield break;
        }

        yield return Event("message_delta", new
        {
            delta = new { stop_reason = stop, stop_sequence = (string?)null },
            usage = new { output_tokens = t.Output + t.Reasoning, output_tokens_details = new { thinking_tokens = t.Reasoning } },
        });
        yield return Event("message_stop", new { });
    }

    private static object Whole(AnswerPart part) => part switch
    {
        Said said => new { type = "text", text = string.Concat(said.Chunks) },
        Called called => new { type = "tool_use", id = called.Id, name = called.Tool, input = JsonNode.Parse(string.Concat(called.ArgumentChunks)) },
        _ => throw new InvalidOperationException($"Anthropic's wire has no {part.GetType().Name} without a stream."),
    };
}
