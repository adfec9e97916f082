using System.Text.Json.Serialization;

namespace Skein.Core;

/// <summary>Who speaks in a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    [JsonStringEnumMemberName("user")] User,
    [JsonStringEnumMemberName("assistant")] Assistant,
    [JsonStringEnumMemberName("system")] System,
    [JsonStringEnumMemberName("tool")] Tool,
}

/// <summary>How far a message has come. After a crash none stays <see cref="Streaming"/>: taking the session over completes it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MessageStatus>))]
public enum MessageStatus
{
    /// <summary>Accepted, but no part of it has arrived.</summary>
    [JsonStringEnumMemberName("pending")] Pending,
    [JsonStringEnumMemberName("streaming")] Streaming,
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>It ended before its time: interrupted, failed or lost in a crash. What had arrived is kept.</summary>
    [JsonStringEnumMemberName("error")] Error,
}

/// <summary>Why a model stopped.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StopReason>))]
public enum StopReason
{
    [JsonStringEnumMemberName("end")] End,
    [JsonStringEnumMemberName("tool_use")] ToolUse,
    [JsonStringEnumMemberName("length")] Length,
    [JsonStringEnumMemberName("refused")] Refused,
    [JsonStringEnumMemberName("interrupted")] Interrupted,
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>A part with its name. A part that is still <see cref="Streaming"/> holds the text of the last checkpoint.</summary>
public sealed record MessagePart(
    PartId Id, Part Content, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Streaming = false);

/// <summary>
/// One message: a prompt, or what one call of the model said together with the results of the tools it called.
/// </summary>
/// <param name="Seq">The sequence of the event that began it; pages and rewinds count by it.</param>
/// <param name="Turn">The turn it belongs to; null for a message that was appended without one.</param>
/// <param name="Model">The model that wrote it, <c>provider/name</c>; null for people.</param>
/// <param name="Cost">In US dollars; null where the price is not known.</param>
/// <param name="UpdatedAt">When it last changed, UTC.</param>
public sealed record Message(
    MessageId Id,
    long Seq,
    Role Role,
    MessageStatus Status,
    IReadOnlyList<MessagePart> Parts,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    TurnId? Turn = null,
    string? Model = null,
    StopReason? Stop = null,
    Usage? Usage = null,
    decimal? Cost = null)
{
    /// <summary>The sequence of the <see cref="Events.ContextPruned"/> since which models are sent only the beginnings of its tools' outputs; null: they are sent all.</summary>
    [JsonIgnore]
    public long? PrunedAt { get; init; }

    /// <summary>The summary that it is; null: it is something that was said.</summary>
    [JsonIgnore]
    public SummaryPart? Summary => Parts is [{ Content: SummaryPart summary }] ? summary : null;

    /// <summary>The calls that have no result yet, in the order the model made them.</summary>
    [JsonIgnore]
    public IEnumerable<ToolCallPart> UnansweredCalls =>
        Parts.Select(p => p.Content).OfType<ToolCallPart>()
            .Where(call => !Parts.Any(p => p.Content is ToolResultPart result && result.CallId == call.CallId));

    /// <summary>The text of all text parts, joined.</summary>
    [JsonIgnore]
    public string Text => string.Concat(Parts.Select(p => p.Content).OfType<TextPart>().Select(p => p.Text));
}
