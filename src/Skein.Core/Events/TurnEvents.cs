using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Skein.Core.Events;

/// <summary>A prompt waits for the running turn to end.</summary>
/// <param name="Turn">The turn it will start.</param>
/// <param name="Message">The message it will become.</param>
/// <param name="First">It goes before all that wait already.</param>
public sealed record PromptQueued(
    TurnId Turn, MessageId Message, IReadOnlyList<MessagePart> Parts, TurnOptions? Options = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool First = false) : EventBody;

/// <summary>A queued prompt says something else now; its place stays.</summary>
public sealed record PromptEdited(TurnId Turn, IReadOnlyList<MessagePart> Parts) : EventBody;

/// <summary>A queued prompt was taken back.</summary>
public sealed record PromptWithdrawn(TurnId Turn) : EventBody;

/// <summary>A prompt for the running turn; the agent is handed it at its next step. One that came too late starts a turn of its own.</summary>
/// <param name="Turn">The running turn.</param>
public sealed record PromptSteered(TurnId Turn, MessageId Message, IReadOnlyList<MessagePart> Parts) : EventBody;

/// <summary>What a prompt asks for beyond its text. Agent, model and mode stay with the session, the others hold for the turn.</summary>
/// <param name="System">More instructions for the system prompt.</param>
/// <param name="Tools">The only tools the turn may use; null: all.</param>
/// <param name="MaxCost">US dollars that end it.</param>
/// <param name="MaxSteps">Calls of the model that end it.</param>
/// <param name="Effort">How much the model is to think.</param>
/// <param name="TurnModel">The turn's own model, which does not stay with the session.</param>
public sealed record TurnOptions(
    string? Agent = null, string? Model = null, PermissionMode? Mode = null, string? System = null, IReadOnlyList<string>? Tools = null,
    decimal? MaxCost = null, int? MaxSteps = null, string? TurnModel = null, Effort? Effort = null);

/// <param name="Compact">The turn only compacts the context; null: it works on a prompt.</param>
public sealed record TurnStarted(
    TurnId Turn, string Agent, [Optional, DefaultParameterValue(null)] string? Model, PermissionMode Mode, string? System = null, IReadOnlyList<string>? Tools = null,
    decimal? MaxCost = null, int? MaxSteps = null, TurnCompaction? Compact = null, Effort? Effort = null) : EventBody;

/// <param name="Keep">What the summary is to keep above all, in a person's words.</param>
public sealed record TurnCompaction(string? Keep = null);

public sealed record TurnCompleted(TurnId Turn) : EventBody;

/// <summary>What went wrong, for a program to act on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailureKind>))]
public enum FailureKind
{
    [JsonStringEnumMemberName("auth")] Auth,
    [JsonStringEnumMemberName("quota")] Quota,
    [JsonStringEnumMemberName("overload")] Overload,
    [JsonStringEnumMemberName("overflow")] Overflow,
    [JsonStringEnumMemberName("network")] Network,
    [JsonStringEnumMemberName("bad_request")] BadRequest,
    [JsonStringEnumMemberName("internal")] Internal,

    /// <summary>A limit of the turn's own was reached: cost or steps. The next prompt goes on.</summary>
    [JsonStringEnumMemberName("limit")] Limit,
}

/// <param name="Provider">Who failed; null where it was Skein or the agent.</param>
/// <param name="Message">One line for people.</param>
public sealed record TurnFailed(TurnId Turn, FailureKind Kind, [Optional, DefaultParameterValue(null)] string? Provider, string Message) : EventBody;

/// <param name="Reason"><c>user</c>: somebody asked for it; <c>crash</c>: the server died; <c>stop</c>: the server was stopped.</param>
public sealed record TurnInterrupted(TurnId Turn, string Reason) : EventBody;

/// <summary>A call of the model failed and is tried again.</summary>
/// <param name="Attempt">1 for the first time it is tried again.</param>
/// <param name="DelayMs">Milliseconds waited before.</param>
public sealed record ModelRetried(TurnId Turn, int Attempt, long DelayMs, FailureKind Kind, string Message) : EventBody;

/// <summary>A model was called beside the messages, or for one that does not tell what it took.</summary>
/// <param name="Purpose">What for: <c>title</c>, <c>summary</c> (of one that failed), <c>interrupted</c> (for a message that was closed before its model had ended).</param>
/// <param name="Model"><c>provider/name</c>.</param>
/// <param name="Cost">In US dollars; null where the price is not known.</param>
public sealed record ModelCalled(string Purpose, string Model, Usage? Usage = null, decimal? Cost = null) : EventBody;

/// <summary>The agent asks whether it may. The session waits until somebody answers.</summary>
/// <param name="CallId">The tool call that waits.</param>
/// <param name="Title">One line: what would be done.</param>
/// <param name="Detail">The command, the diff or whatever helps to decide; may be long.</param>
/// <param name="Pattern">What <see cref="PermissionAnswer.Always"/> would allow from now on, as a rule's pattern; null: it cannot be remembered.</param>
public sealed record PermissionAsked(
    PermissionId Permission, TurnId Turn, string CallId, string Tool, string Title, string? Detail = null, string? Pattern = null) : EventBody;

[JsonConverter(typeof(JsonStringEnumConverter<PermissionAnswer>))]
public enum PermissionAnswer
{
    [JsonStringEnumMemberName("no")] No,
    [JsonStringEnumMemberName("once")] Once,
    [JsonStringEnumMemberName("always")] Always,
}

/// <param name="Message">Why not, or what to do instead; the model reads it.</param>
/// <param name="Expired">Nobody answered: the turn ended first.</param>
public sealed record PermissionAnswered(PermissionId Permission, PermissionAnswer Answer, string? Message = null, bool Expired = false) : EventBody;
