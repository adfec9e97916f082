using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Testing;

/// <summary>Google's Gemini: each event of the stream is a response of its own with the parts that are new; without a stream it is one with all of them.</summary>
internal sealed class GeminiWire(bool streams) : ModelWire
{
    private const string Prefix = "/v1beta/models/";
    private const string StreamSuffix = ":streamGenerateContent";
    private const string WholeSuffix = ":generateContent";

    public override string ContentType => streams ? "text/event-stream" : "application/json";

    /// <summary>The wire of a path such as <c>/v1beta/models/any:streamGenerateContent</c>; null: the path is none of these.</summary>
    public static GeminiWire? Of(string path) =>
        !path.StartsWith(Prefix, StringComparison.Ordinal) ? null
        : path.EndsWith(StreamSuffix, StringComparison.Ordinal) ? new GeminiWire(streams: true)
        : path.EndsWith(WholeSuffix, StringComparison.Ordinal) ? new GeminiWire(streams: false)
        : null;

    /// <summary>The model that a path names.</summary>
    public static string? ModelOf(string path) => Of(path) is null ? null : path[Prefix.Length..path.LastIndexOf(':')];

    public override IEnumerable<string> Begin(StreamedAnswer answer) => [];

    public override IEnumerable<string> Part(StreamedAnswer answer, int index) => streams ? PartsOf(answer.Parts[index]).Select(part => Event([part], null)) : [];

    public override IEnumerable<string> End(StreamedAnswer answer) =>
        streams ? [Event([], answer)] : [Response([.. answer.Parts.SelectMany(PartsOf)], answer).ToJsonString()];

    private static IEnumerable<object> PartsOf(AnswerPart part) => part switch
    {
        Said said => said.Chunks.Select(text => (object)new { text }),
        Thought thought => [new { text = thought.Text, thought = true, thoughtSignature = thought.Signature }],
        Called called => [new { functionCall = new { id = called.Id, name = called.Tool, args = JsonNode.Parse(string.Concat(called.ArgumentChunks)) } }],
        _ => throw new InvalidOperationException($"Gemini's wire has no {part.GetType().Name}."),
    };

    private static string Event(object[] parts, StreamedAnswer? ended) => $"data: {Response(parts, ended).ToJsonString()}\n\n";

    /// <param name="ended">The answer that is told to the end with these parts; null: more comes.</param>
    private static JsonObject Response(object[] parts, StreamedAnswer? ended)
    {
        var candidate = JsonSerializer.SerializeToNode(new { index = 0, content = new { role = "model", parts } })!.AsObject();
        var response = new JsonObject { ["candidates"] = new JsonArray(candidate), ["modelVersion"] = "any", ["responseId"] = "resp_1" };
        if (ended is null)
            return response;

        var t = ended.Tokens;
        candidate["finishReason"] = ended.Finish ?? "STOP";
        response["usageMetadata"] = JsonSerializer.SerializeToNode(new
        {
            promptTokenCount = t.Input + t.CacheRead,
            cachedContentTokenCount = t.CacheRead,
            candidatesTokenCount = t.Output,
            thoughtsTokenCount = t.Reasoning,
            totalTokenCount = t.Input + t.CacheRead + t.Output + t.Reasoning,
        });
        return response;
    }
}
