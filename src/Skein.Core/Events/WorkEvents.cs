using System.Text.Json.Serialization;

namespace Skein.Core.Events;

/// <summary>What the agent means to do, all of it anew: what it meant to do before no longer counts.</summary>
public sealed record PlanUpdated(TurnId Turn, IReadOnlyList<PlanStep> Steps) : EventBody;

public sealed record PlanStep(string Text, PlanStepStatus Status);

[JsonConverter(typeof(JsonStringEnumConverter<PlanStepStatus>))]
public enum PlanStepStatus
{
    [JsonStringEnumMemberName("pending")] Pending,
    [JsonStringEnumMemberName("in_progress")] InProgress,
    [JsonStringEnumMemberName("completed")] Completed,
}

/// <summary>What a driven agent's own sub-agent says, calls and is answered while it works for a call. It is no message of this session.</summary>
/// <param name="CallId">The call that it works for.</param>
public sealed record SubagentReported(TurnId Turn, string CallId, IReadOnlyList<Part> Parts) : EventBody;

/// <summary>A driven agent summarised what was said before, to have room for more. The session's messages stay.</summary>
/// <param name="Trigger">Why, in the agent's word: <c>auto</c>, <c>manual</c>.</param>
/// <param name="TokensBefore">How many tokens its context had.</param>
public sealed record AgentCompacted(string Agent, string? Trigger = null, long? TokensBefore = null) : EventBody;
