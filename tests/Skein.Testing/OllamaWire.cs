using System.Text.Json;

namespace Skein.Testing;

/// <summary>Ollama's chat: a line of JSON for whatever comes, calls in one piece.</summary>
internal sealed class OllamaWire : ModelWire
{
    public override string ContentType => "application/x-ndjson";

    public override IEnumerable<string> Begin(StreamedAnswer answer) => [];

    public override IEnumerable<string> Part(StreamedAnswer answer, int index) => answer.Parts[index] switch
    {
        Said said => said.Chunks.Select(content => Line(new { message = new { role = "assistant", content }, done = false })),
        Thought thought => [Line(new { message = new { role = "assistant", content = "", thinking = thought.Text }, done = false })],
        Called called => [Line(new { message = new { role = "assistant", content = "", tool_calls = new[] { Call(called) } }, done = false })],
        var other => throw new InvalidOperationException($"Ollama's wire has no {other.GetType().Name}."),
    };

    public override IEnumerable<string> End(StreamedAnswer answer) =>
        [Line(new { message = new { role = "assistant", content = "" }, done = true, done_reason = answer.Finish ?? "stop", prompt_eval_count = answer.Tokens.Input, eval_count = answer.Tokens.Output })];

    private static object Call(Called called) => new
    {
        id = called.Id,
        function = new { name = called.Tool, arguments = JsonElement.Parse(called.ArgumentChunks.Length == 0 ? "{}" : string.Concat(called.ArgumentChunks)) },
    };

    private static string Line(object content)
    {
        var all = JsonSerializer.SerializeToNode(content)!.AsObject();
        all["model"] = "any";
        all["created_at"] = "2026-11-28T00:00:00Z";
        return all.ToJsonString() + "\n";
    }
}
