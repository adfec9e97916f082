using System.Text.Json.Serialization;

namespace Skein.Core.Search;

/// <summary>What a search comes upon.</summary>
public abstract record SearchFinding
{
    // Closed on purpose: the kinds are the lines of the API's answer.
    private protected SearchFinding() { }
}

/// <summary>A part of a message that has what was looked for. A part is found once, by the first place in it.</summary>
/// <param name="Title">The session's.</param>
/// <param name="Seq">The event that has the text.</param>
/// <param name="At">When that was appended, UTC.</param>
/// <param name="Role">Who said it; a tool's output is the tool's.</param>
/// <param name="Hidden">It is in the log but no longer in the conversation: a rewind hides its message, or its message was edited since.</param>
public sealed record SearchHit(
    SessionId Session,
    string Title,
    long Seq,
    DateTimeOffset At,
    MessageId Message,
    PartId Part,
    PartKind Kind,
    Role Role,
    Snippet Snippet,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Hidden = false) : SearchFinding;

/// <summary>A session of which not all could be looked at.</summary>
/// <param name="Reason">One sentence for people.</param>
public sealed record SearchSkipped(SessionId Session, string Reason) : SearchFinding;

/// <summary>The kinds of <see cref="Part"/>, in the words of their JSON.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PartKind>))]
public enum PartKind
{
    [JsonStringEnumMemberName("text")] Text,
    [JsonStringEnumMemberName("reasoning")] Reasoning,

    /// <summary>The values among a tool call's arguments.</summary>
    [JsonStringEnumMemberName("tool_call")] ToolCall,

    /// <summary>What a tool answered, all of it.</summary>
    [JsonStringEnumMemberName("tool_result")] ToolResult,

    /// <summary>The name or the text of a file that belongs to a message.</summary>
    [JsonStringEnumMemberName("file")] File,
}
