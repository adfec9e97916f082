using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skein.Core.Events;

/// <summary>A message began. One of a person, or one that is appended without a turn, is whole at once.</summary>
/// <param name="Status">Completed for a message that is whole, else pending.</param>
/// <param name="N">Its number among the visible messages of the session, from 1.</param>
public sealed record MessageAdded(
    MessageId Message, Role Role, MessageStatus Status, int N, IReadOnlyList<MessagePart> Parts, TurnId? Turn = null, string? Model = null) : EventBody;

/// <summary>The parts of a message were replaced by hand; id, role and place stay.</summary>
public sealed record MessageEdited(MessageId Message, IReadOnlyList<MessagePart> Parts) : EventBody;

/// <summary>A part is complete; checkpoints of it are now superfluous.</summary>
public sealed record PartAdded(MessageId Message, PartId Part, Part Content) : EventBody;

/// <summary>A part that had begun to arrive does not count: its stream broke and is tried again.</summary>
public sealed record PartDropped(MessageId Message, PartId Part, string Reason) : EventBody;

/// <summary>Of old messages, models are sent only the beginnings of big outputs of tools from now on. The outputs stay what they are for everybody else.</summary>
/// <param name="Outputs">How many outputs that concerns.</param>
/// <param name="Tokens">About what it saves.</param>
public sealed record ContextPruned(IReadOnlyList<MessageId> Messages, int Outputs, long Tokens) : EventBody;

[JsonConverter(typeof(JsonStringEnumConverter<StreamKind>))]
public enum StreamKind
{
    [JsonStringEnumMemberName("text")] Text,
    [JsonStringEnumMemberName("reasoning")] Reasoning,

    /// <summary>The arguments of a tool call, as JSON text. Live only, never in a checkpoint.</summary>
    [JsonStringEnumMemberName("tool_call")] ToolCall,
}

/// <summary>A checkpoint: more text of a part that is still arriving, so that a crash loses at most about a second of it.</summary>
/// <param name="Offset">Where the text belongs in the part, in UTF-16 units.</param>
public sealed record PartStreamed(MessageId Message, PartId Part, StreamKind Kind, int Offset, string Text) : EventBody;

/// <summary>A tool call is being carried out. Its arguments are in the call's part.</summary>
/// <param name="Title">One line for people, for example the command.</param>
/// <param name="Reads">It is known to change no file.</param>
public sealed record ToolStarted(
    MessageId Message, string CallId, string Tool, string? Title = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Reads = false) : EventBody;

/// <summary>A tool call has ended. Its output is in the result's part.</summary>
/// <param name="Metadata">What a program may want to know: exit code, lines changed, truncation …</param>
public sealed record ToolFinished(MessageId Message, string CallId, bool IsError, long DurationMs, JsonElement? Metadata = null) : EventBody;

/// <summary>The model has said all of the message. Results of its tool calls may still be added, until the turn ends.</summary>
/// <param name="Cost">In US dollars; null where the price is not known.</param>
public sealed record MessageCompleted(MessageId Message, StopReason Stop, Usage? Usage = null, decimal? Cost = null) : EventBody;
