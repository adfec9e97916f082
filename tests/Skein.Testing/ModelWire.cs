using System.Text.Json;

namespace Skein.Testing;

/// <summary>How an answer looks on the wire: events of a stream, each with its blank line.</summary>
internal abstract class ModelWire
{
    /// <summary>The wire of a request; null: nothing is served there.</summary>
    public static ModelWire? Of(ModelRequest request) => request.Path switch
    {
        "/v1/chat/completions" => OpenAi,
        "/v1/messages" => new AnthropicWire(request.Streams),
        "/v1/responses" => Responses,
        "/api/chat" => Ollama,
        var path => GeminiWire.Of(path),
    };

    private static ModelWire OpenAi { get; } = new OpenAiWire();
    private static ModelWire Responses { get; } = new ResponsesWire();
    private static ModelWire Ollama { get; } = new OllamaWire();

    public virtual string ContentType => "text/event-stream";

    public abstract IEnumerable<string> Begin(StreamedAnswer answer);
    public abstract IEnumerable<string> Part(StreamedAnswer answer, int index);
    public abstract IEnumerable<string> End(StreamedAnswer answer);

    /// <summary>An event that is named twice, as Anthropic's and those of Responses are.</summary>
    protected static string Event(string type, object content)
    {
        var all = JsonSerializer.SerializeToNode(content)!.AsObject();
        all["type"] = type;
        return $"event: {type}\ndata: {all.ToJsonString()}\n\n";
    }

    private sealed class OpenAiWire : ModelWire
    {
        public override IEnumerable<string> Begin(StreamedAnswer answer) => [Delta(new { role = "assistant", content = "" })];

        public override IEnumerable<string> Part(StreamedAnswer answer, int index)
        {
            switch (answer.Parts[index])
            {
                case Said said:
                    foreach (var chunk in said.Chunks)
                        yield return Delta(new { content = chunk });
                    break;
                case Thought thought:
                    yield return Delta(new { reasoning_content = thought.Text });
                    break;
                case Called called:
                    var number = answer.Parts.Take(index).OfType<Called>().Count();
                    yield return Delta(new { tool_calls = new[] { new { index = number, id = called.Id, type = "function", function = new { name = called.Tool, arguments = "" } } } });
                    foreach (var chunk in called.ArgumentChunks)
                        yield return Delta(new { tool_calls = new[] { new { index = number, function = new { arguments = chunk } } } });
                    break;
            }
        }

        public override IEnumerable<string> End(StreamedAnswer answer)
        {
            var t = answer.Tokens;
            yield return Event(new { choices = new[] { new { index = 0, delta = new { }, finish_reason = answer.Finish ?? (answer.Parts.Any(p => p is Called) ? "tool_calls" : "stop") } } });
            yield return Event(new
            {
                choices = Array.Empty<object>(),
                usage = new
                {
                    prompt_tokens = t.Input + t.CacheRead,
                    completion_tokens = t.Output + t.Reasoning,
                    total_tokens = t.Input + t.CacheRead + t.Output + t.Reasoning,
                    prompt_tokens_details = new { cached_tokens = t.CacheRead },
                    completion_tokens_details = new { reasoning_tokens = t.Reasoning },
                },
            });
            yield return "data: [DONE]\n\n";
        }

        private static string Delta(object delta) => Event(new { choices = new[] { new { index = 0, delta, finish_reason = (string?)null } } });

        private static string Event(object content)
        {
            var all = JsonSerializer.SerializeToNode(content)!.AsObject();
            all["id"] = "chatcmpl-1";
            all["object"] = "chat.completion.chunk";
            all["created"] = 1_790_000_000;
            all["model"] = "any";
            return $"data: {all.ToJsonString()}\n\n";
        }
    }
}
