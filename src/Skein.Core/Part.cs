using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skein.Core;

/// <summary>One piece of a message, in the order it was produced.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TextPart), "text")]
[JsonDerivedType(typeof(ReasoningPart), "reasoning")]
[JsonDerivedType(typeof(ToolCallPart), "tool_call")]
[JsonDerivedType(typeof(ToolResultPart), "tool_result")]
[JsonDerivedType(typeof(FilePart), "file")]
[JsonDerivedType(typeof(SummaryPart), "summary")]
public abstract record Part
{
    // Closed on purpose: a new kind of part changes the wire format, so it is added here.
    private protected Part() { }
}

/// <summary>What a person or a model said.</summary>
public sealed record TextPart(string Text) : Part;

/// <summary>What a model thought aloud.</summary>
/// <param name="Signature">The provider's opaque proof of the text, sent back to it unchanged; null where it gives none.</param>
public sealed record ReasoningPart(string Text, string? Signature = null) : Part;

/// <summary>The model asks for a tool to be run.</summary>
/// <param name="CallId">The provider's name of the call, unique within its message; its result bears the same one.</param>
/// <param name="Arguments">A JSON object; a JSON string holds what the model wrote instead of one.</param>
/// <param name="Redacted">Secrets that were taken out of the arguments, by kind; null: none, they are as the model wrote them.</param>
public sealed record ToolCallPart(string CallId, string Tool, JsonElement Arguments, IReadOnlyDictionary<string, int>? Redacted = null) : Part;

/// <summary>What a tool answered, in the same message as its call.</summary>
/// <param name="Output">What the model is shown, bounded.</param>
/// <param name="IsError">The tool failed and <paramref name="Output"/> tells the model why.</param>
/// <param name="Whole">All of the output, where <paramref name="Output"/> is only its head and tail.</param>
/// <param name="Redacted">Secrets that were taken out of the output, before it was cut, by kind; null: none.</param>
public sealed record ToolResultPart(
    string CallId, string Output, bool IsError = false, BlobRef? Whole = null, IReadOnlyDictionary<string, int>? Redacted = null) : Part;

/// <summary>A file or an image that belongs to the message: kept as a blob, or elsewhere at <paramref name="Url"/>.</summary>
public sealed record FilePart(string MediaType, string? Name = null, BlobRef? Content = null, string? Url = null) : Part;

/// <summary>
/// What was said before, in fewer words. A message that holds one stands in for the messages before it when a model is sent the
/// conversation; they stay what they are for everybody else.
/// </summary>
/// <param name="Kept">How many of the messages right before it the model is still sent as they are; summaries do not count.</param>
/// <param name="Tokens">What the model was sent before, as far as it was known.</param>
/// <param name="Keep">What a person asked to be kept.</param>
public sealed record SummaryPart(string Text, int Kept, long Tokens, string? Keep = null) : Part;

/// <summary>Content that is stored once, under the SHA-256 of its bytes.</summary>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Head">The first few kilobytes as text, for people; null where the content is no text.</param>
/// <param name="Tail">The last few kilobytes as text.</param>
/// <param name="Redacted">Secrets that were taken out before it was stored, by kind; null: none.</param>
public sealed record BlobRef(
    string Sha256, long Size, string MediaType, string? Head = null, string? Tail = null, IReadOnlyDictionary<string, int>? Redacted = null);
