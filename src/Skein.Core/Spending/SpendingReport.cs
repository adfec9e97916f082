using System.Text.Json.Serialization;

namespace Skein.Core.Spending;

/// <summary>What spending is summed up by.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SpendingBy>))]
public enum SpendingBy
{
    /// <summary>The day of the call, in UTC.</summary>
    [JsonStringEnumMemberName("day")] Day,

    /// <summary>The session, with those that it began for sub-agents.</summary>
    [JsonStringEnumMemberName("session")] Session,

    [JsonStringEnumMemberName("model")] Model,
    [JsonStringEnumMemberName("workspace")] Workspace,

    /// <summary>The agent of the turn.</summary>
    [JsonStringEnumMemberName("agent")] Agent,
}

/// <param name="Workspace">Only sessions of this folder; null: all.</param>
/// <param name="Agent">Only turns of this agent.</param>
/// <param name="Since">Only calls that ended then or later.</param>
/// <param name="Follow">Also those that are lost and belong to <paramref name="Workspace"/>, as <see cref="SessionQuery"/> has it, with <paramref name="Project"/> and <paramref name="NotIn"/>.</param>
public sealed record SpendingQuery(
    SpendingBy By = SpendingBy.Day,
    string? Workspace = null,
    string? Agent = null,
    DateTimeOffset? Since = null,
    bool Follow = false,
    Project? Project = null,
    IReadOnlyList<string>? NotIn = null);

/// <summary>What was spent on one thing.</summary>
/// <param name="Key">The day, the session's id, the model, the folder or the agent; empty where a session does not tell.</param>
/// <param name="Calls">Messages of models.</param>
/// <param name="Cost">In US dollars, of the calls whose price was known.</param>
/// <param name="Unpriced">Calls that used tokens and whose price was not known.</param>
/// <param name="Title">Of a session.</param>
public sealed record Spent(string Key, int Calls, Usage Usage, decimal Cost, int Unpriced, string? Title = null);

/// <param name="Reason">Why not all of it could be counted.</param>
public sealed record UncountedSession(SessionId Session, string Reason);

/// <param name="Items">Days in their order, all else the most expensive first.</param>
/// <param name="Total">Of all items; its key is empty.</param>
public sealed record SpendingReport(SpendingBy By, IReadOnlyList<Spent> Items, Spent Total, IReadOnlyList<UncountedSession> Uncounted);
