using System.Text;
using System.Text.Json;

namespace Skein.Testing;

/// <summary>What a <see cref="ModelServer"/> was asked.</summary>
/// <param name="Headers">Names in any case.</param>
public sealed record ModelRequest(string Path, IReadOnlyDictionary<string, string> Headers, JsonElement Body)
{
    /// <summary>The model that was asked, by the name on the wire.</summary>
    public string? Model => Body.TryGetProperty("model", out var model) ? model.GetString() : GeminiWire.ModelOf(Path);

    /// <summary>Whether it asks for a stream, where its body says that.</summary>
    public bool Streams => Body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True;
}

/// <summary>How a <see cref="ModelServer"/> answers one request.</summary>
public abstract record ModelAnswer;

/// <summary>Another status than 200.</summary>
public sealed record RefusedAnswer(int Status, string Body, params (string Name, string Value)[] Headers) : ModelAnswer
{
    /// <summary>Refused in OpenAI's words.</summary>
    public static RefusedAnswer OpenAi(int status, string code, string message, params (string, string)[] headers) =>
        new(status, JsonSerializer.Serialize(new { error = new { message, type = code, code } }), headers);

    /// <summary>Refused in Anthropic's words.</summary>
    public static RefusedAnswer Anthropic(int status, string type, string message, params (string, string)[] headers) =>
        new(status, JsonSerializer.Serialize(new { type = "error", error = new { type, message } }), headers);

    /// <summary>Refused in Google's words.</summary>
    public static RefusedAnswer Gemini(int code, string status, string message, params (string, string)[] headers) =>
        new(code, JsonSerializer.Serialize(new { error = new { code, message, status } }), headers);
}

/// <summary>None: the connection is reset.</summary>
public sealed record NoAnswer : ModelAnswer;

/// <summary>200, with a body that is sent as it is.</summary>
/// <param name="Piece">Bytes sent at once; 0: all.</param>
public sealed record WholeAnswer(string ContentType, ReadOnlyMemory<byte> Body, int Piece = 0) : ModelAnswer
{
    public WholeAnswer(string contentType, string body, int piece = 0)
        : this(contentType, Encoding.UTF8.GetBytes(body), piece)
    {
    }
}

/// <summary>A stream of these parts, in the wire format of the path that was asked.</summary>
public sealed record StreamedAnswer(params AnswerPart[] Parts) : ModelAnswer
{
    public AnswerTokens Tokens { get; init; } = new(10, 5);

    /// <summary>The wire's own word for why it ended; null: the one that fits the parts.</summary>
    public string? Finish { get; init; }
}

/// <summary>Counts that do not overlap.</summary>
public sealed record AnswerTokens(int Input, int Output, int Reasoning = 0, int CacheRead = 0, int CacheWrite = 0);

/// <summary>What a stream holds, or what happens to it.</summary>
public abstract record AnswerPart;

public sealed record Said(params string[] Chunks) : AnswerPart;

/// <param name="Signature">What proves or seals it. Not in Chat Completions.</param>
public sealed record Thought(string Text, string Signature = "") : AnswerPart;

/// <summary>Thoughts that the provider keeps to itself. Not in Chat Completions.</summary>
public sealed record HiddenThought(string Data) : AnswerPart;

public sealed record Called(string Id, string Tool, params string[] ArgumentChunks) : AnswerPart;

/// <summary>Text that is sent as it is.</summary>
public sealed record Raw(string Text) : AnswerPart;

/// <summary>The connection breaks here, and what is still on its way is lost: put a <see cref="Stalled"/> before it where that matters.</summary>
public sealed record Cut : AnswerPart;

/// <summary>The stream ends here, in good order but too early.</summary>
public sealed record Ended : AnswerPart;

/// <summary>Nothing is sent until the signal.</summary>
/// <param name="Reached">Completed when the stream has come here.</param>
public sealed record Stalled(Task Until, TaskCompletionSource? Reached = null) : AnswerPart;
