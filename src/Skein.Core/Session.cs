using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core;

[JsonConverter(typeof(JsonStringEnumConverter<SessionStatus>))]
public enum SessionStatus
{
    [JsonStringEnumMemberName("idle")] Idle,
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>A permission question is open.</summary>
    [JsonStringEnumMemberName("waiting")] Waiting,

    /// <summary>The last turn was interrupted.</summary>
    [JsonStringEnumMemberName("interrupted")] Interrupted,

    /// <summary>The last turn failed; <see cref="Session.Failure"/> says why.</summary>
    [JsonStringEnumMemberName("error")] Error,
}

/// <summary>A rewind that is not final.</summary>
/// <param name="Keep">The last message kept, by its sequence.</param>
/// <param name="MessagesBefore">How many messages unrewinding brings back to.</param>
/// <param name="At">The rewind's own sequence.</param>
/// <param name="Tree">The snapshot of the files that unrewinding can bring back; null: they were not rewound.</param>
public sealed record PendingRewind(long Keep, int MessagesBefore, long At = 0, string? Tree = null);

/// <summary>Messages that a rewind hides for good: those whose sequence lies between the two.</summary>
public sealed record HiddenStretch(long Keep, long At);

/// <summary>Snapshots of the session's files.</summary>
/// <param name="First">What was there before this session changed anything.</param>
/// <param name="Last">What it left; what differs from it now was changed by somebody else.</param>
/// <param name="Restoring">A restore that has begun and not ended.</param>
public sealed record SessionTrees(string First, string Last, FilesRestoreStarted? Restoring = null);

/// <summary>
/// What there is to know about a session without its messages: the fold of its log (<see cref="SessionFold"/>), a row of every list.
/// Immutable.
/// </summary>
/// <param name="Seq">The last sequence folded.</param>
/// <param name="Workspace">The folder the agent works in.</param>
/// <param name="Model"><c>provider/name</c>; null leaves it to the agent.</param>
/// <param name="Host">The machine that has the workspace.</param>
/// <param name="UpdatedAt">When the last event was appended, UTC.</param>
/// <param name="Messages">Visible messages.</param>
/// <param name="Usage">Of all model calls of this session, rewound ones included; a fork begins at zero.</param>
/// <param name="Cost">In US dollars, of the calls whose price was known.</param>
/// <param name="Turn">The turn that is running or waiting.</param>
/// <param name="AgentSession">The driven agent's own id of the session.</param>
/// <param name="Key">The Idempotency-Key that created it.</param>
public sealed record Session(
    SessionId Id,
    long Seq,
    SessionStatus Status,
    string Title,
    TitleSource TitleSource,
    string Workspace,
    string Agent,
    [Optional, DefaultParameterValue(null)] string? Model,
    PermissionMode Mode,
    [Optional, DefaultParameterValue(null)] string? Host,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int Messages,
    Usage Usage,
    decimal Cost,
    SessionId? Parent = null,
    ForkOrigin? ForkedFrom = null,
    Imported? Imported = null,
    bool Archived = false,
    bool Pinned = false,
    DateTimeOffset? TrashedAt = null,
    TurnId? Turn = null,
    string? AgentSession = null,
    TurnFailed? Failure = null,
    string? Key = null)
{
    /// <summary>What the workspace is a part of; null: not known.</summary>
    public Project? Project { get; init; }
    /// <summary>The working tree that it was made with and has to itself; null: none.</summary>
    public Worktree? Worktree { get; init; }
    /// <summary>Snapshots of its files; null: none has been taken.</summary>
    public SessionTrees? Files { get; init; }
    /// <summary>Why its files could not be snapshotted the last time; null: they could.</summary>
    public string? FilesProblem { get; init; }
    /// <summary>Open permission questions.</summary>
    public IReadOnlyList<PermissionAsked> Questions { get; init; } = [];
    /// <summary>Prompts that wait for the turn to end, next one first.</summary>
    public IReadOnlyList<PromptQueued> Queue { get; init; } = [];
    /// <summary>Prompts for the running turn that the agent has not taken yet.</summary>
    public IReadOnlyList<PromptSteered> Steered { get; init; } = [];
    /// <summary>Rewinds that can be undone, oldest first.</summary>
    public IReadOnlyList<PendingRewind> Rewinds { get; init; } = [];
    /// <summary>Edited messages and the sequence of the latest edit.</summary>
    public IReadOnlyDictionary<MessageId, long> Edited { get; init; } = ImmutableDictionary<MessageId, long>.Empty;
    /// <summary>Where rewinds hide messages for good, oldest first. Those that can be undone are <see cref="Rewinds"/>.</summary>
    public IReadOnlyList<HiddenStretch> Hidden { get; init; } = [];
    /// <summary>The messages that are summaries (<see cref="SummaryPart"/>), by their sequence, hidden ones included.</summary>
    public IReadOnlyList<long> Summaries { get; init; } = [];
    /// <summary>For a fork: where the inherited events are.</summary>
    public IReadOnlyList<Segment> Segments { get; init; } = [];
    /// <summary>For a fork that has no session of its driven agent yet: the origin's, as <see cref="SessionForked.AgentSession"/>.</summary>
    public string? AgentOrigin { get; init; }
    /// <summary>What cannot be read of its log.</summary>
    public IReadOnlyList<Gap> Damage { get; init; } = [];

    /// <summary>Whether a turn has begun that has not ended.</summary>
    [JsonIgnore]
    public bool IsLive => Turn is not null;

    /// <summary>Whether a rewind hides the message that has this sequence.</summary>
    public bool Hides(long seq) => Rewinds.Any(r => seq > r.Keep) || Hidden.Any(h => h.Keep < seq && seq < h.At);
}
