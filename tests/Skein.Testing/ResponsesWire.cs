namespace Skein.Testing;

/// <summary>OpenAI's Responses: items that begin, grow and are done.</summary>
internal sealed class ResponsesWire : ModelWire
{
    public override IEnumerable<string> Begin(StreamedAnswer answer) =>
        [Event("response.created", new { response = new { id = "resp_1", @object = "response", status = "in_progress", output = Array.Empty<object>() } })];

    public override IEnumerable<string> Part(StreamedAnswer answer, int index)
    {
        var output_index = index;
        var item_id = $"item_{index}";
        switch (answer.Parts[index])
        {
            case Said said:
                yield return Item("added", new { type = "message", id = item_id, status = "in_progress", role = "assistant", content = Array.Empty<object>() });
                foreach (var delta in said.Chunks)
                    yield return Event("response.output_text.delta", new { item_id, output_index, content_index = 0, delta });
                var text = string.Concat(said.Chunks);
                yield return Event("response.output_text.done", new { item_id, output_index, content_index = 0, text });
                yield return Item("done", new { type = "message", id = item_id, status = "completed", role = "assistant", content = new[] { new { type = "output_text", text } } });
                break;
            case Thought thought:
                yield return Item("added", new { type = "reasoning", id = item_id, summary = Array.Empty<object>(), encrypted_content = "" });
                yield return Event("response.reasoning_summary_part.added", new { item_id, output_index, summary_index = 0, part = new { type = "summary_text", text = "" } });
                yield return Event("response.reasoning_summary_text.delta", new { item_id, output_index, summary_index = 0, delta = thought.Text });
                yield return Item("done", Reasoning([new { type = "summary_text", text = thought.Text }], thought.Signature.Length > 0 ? thought.Signature : null));
                break;
            case HiddenThought hidden:
                yield return Item("added", Reasoning([], ""));
                yield return Item("done", Reasoning([], hidden.Data));
                break;
            case Called called:
                yield return Item("added", Call("in_progress", ""));
                foreach (var delta in called.ArgumentChunks)
                    yield return Event("response.function_call_arguments.delta", new { item_id, output_index, delta });
                var arguments = string.Concat(called.ArgumentChunks);
                yield return Event("response.function_call_arguments.done", new { item_id, output_index, arguments });
                yield return Item("done", Call("completed", arguments));
                break;

                object Call(string status, string all) => new { type = "function_call", id = item_id, status, call_id = called.Id, name = called.Tool, arguments = all };
        }

        string Item(string what, object item) => Event($"response.output_item.{what}", new { output_index, item });
        object Reasoning(object[] summary, string? encrypted_content) => new { type = "reasoning", id = item_id, summary, encrypted_content };
    }

    public override IEnumerable<string> End(StreamedAnswer answer)
    {
        var t = answer.Tokens;
        var status = answer.Finish is null ? "completed" : "incomplete";
        yield return Event($"response.{status}", new
        {
            response = new
            {
                id = "resp_1",
                @object = "response",
                status,
                incomplete_details = answer.Finish is null ? null : new { reason = answer.Finish },
                usage = new
                {
                    input_tokens = t.Input + t.CacheRead,
                    input_tokens_details = new { cached_tokens = t.CacheRead },
                    output_tokens = t.Output + t.Reasoning,
                    output_tokens_details = new { reasoning_tokens = t.Reasoning },
                    total_tokens = t.Input + t.CacheRead + t.Output + t.Reasoning,
                },
            },
        });
    }
}
