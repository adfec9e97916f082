using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skein.Core.Files;

namespace Skein.Core.Events;

/// <summary>The session began. Always the first event of a session that is no fork.</summary>
/// <param name="Workspace">The folder the agent works in: an absolute path.</param>
/// <param name="Model"><c>provider/name</c>; null leaves it to the agent.</param>
/// <param name="Host">The machine that has the workspace.</param>
/// <param name="Parent">The session whose sub-agent this is.</param>
public sealed record SessionCreated(
    string Workspace,
    string Agent,
    [Optional, DefaultParameterValue(null)] string? Model,
    PermissionMode Mode,
    [Optional, DefaultParameterValue(null)] string? Title,
    [Optional, DefaultParameterValue(null)] string? Host,
    SessionId? Parent = null,
    Imported? Imported = null) : EventBody;

/// <summary>Where an imported session came from.</summary>
public sealed record Imported(string From, string Id, DateTimeOffset At);

/// <summary>
/// The session began as a fork: everything up to <see cref="ForkOrigin.Seq"/> is read from the origin. Always the fork's first own event.
/// It carries what it inherits, so that a list needs no look at the origin.
/// </summary>
/// <param name="Segments">Where the inherited sequences are, oldest first: each session's own file up to and including a sequence.</param>
/// <param name="Messages">The number of messages inherited.</param>
/// <param name="Edited">Of what is inherited, as in <see cref="Session.Edited"/>.</param>
/// <param name="Summaries">Of what is inherited, as in <see cref="Session.Summaries"/>.</param>
/// <param name="Hidden">Of what is inherited, as in <see cref="Session.Hidden"/>.</param>
/// <param name="AgentSession">The driven agent's own id of the origin, where all of that is inherited; null: there is none, or it knows more.</param>
/// <param name="Worktree">The working tree that the fork has to itself; null: none.</param>
public sealed record SessionForked(
    ForkOrigin From,
    IReadOnlyList<Segment> Segments,
    string Workspace,
    string Agent,
    [Optional, DefaultParameterValue(null)] string? Model,
    PermissionMode Mode,
    string Title,
    [Optional, DefaultParameterValue(null)] string? Host,
    int Messages,
    IReadOnlyDictionary<MessageId, long>? Edited = null,
    IReadOnlyList<long>? Summaries = null,
    IReadOnlyList<HiddenStretch>? Hidden = null,
    string? AgentSession = null,
    Worktree? Worktree = null) : EventBody;

/// <param name="Seq">The last sequence inherited.</param>
/// <param name="Message">The last message inherited; null where the fork begins empty.</param>
public sealed record ForkOrigin(SessionId Session, long Seq, MessageId? Message = null);

/// <param name="UpTo">The last sequence to read from that session's own file.</param>
public sealed record Segment(SessionId Session, long UpTo);

[JsonConverter(typeof(JsonStringEnumConverter<TitleSource>))]
public enum TitleSource
{
    /// <summary>The first line of the first prompt.</summary>
    [JsonStringEnumMemberName("prompt")] Prompt,
    [JsonStringEnumMemberName("model")] Model,

    /// <summary>Given by a person; it sticks.</summary>
    [JsonStringEnumMemberName("manual")] Manual,
}

public sealed record SessionTitled(string Title, TitleSource Source) : EventBody;

/// <summary>What the agent may do without asking.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PermissionMode>))]
public enum PermissionMode
{
    /// <summary>Ask before anything that changes something.</summary>
    [JsonStringEnumMemberName("ask")] Ask,

    /// <summary>Only read; whatever would change something is refused.</summary>
    [JsonStringEnumMemberName("plan")] Plan,

    /// <summary>Edit files in the workspace freely, ask before running commands.</summary>
    [JsonStringEnumMemberName("edits")] Edits,

    /// <summary>Ask nothing, unless a rule says so.</summary>
    [JsonStringEnumMemberName("auto")] Auto,
}

/// <summary>The agent, the model or the mode changed; null: as before.</summary>
public sealed record SessionConfigured(string? Agent = null, string? Model = null, PermissionMode? Mode = null) : EventBody;

/// <summary>It goes on in another folder: its own was moved, or its user said so.</summary>
public sealed record SessionMoved(string Workspace) : EventBody;

/// <summary>What the workspace is a part of, by which it is known again elsewhere.</summary>
/// <param name="Root">As <see cref="Project.Root"/>.</param>
/// <param name="Path">As <see cref="Project.Path"/>.</param>
public sealed record SessionLocated(string Root, string Path) : EventBody;

public sealed record SessionArchived : EventBody;

public sealed record SessionUnarchived : EventBody;

/// <param name="With">The session that it worked for and that took it along; null: it was put there by itself.</param>
public sealed record SessionTrashed(SessionId? With = null) : EventBody;

public sealed record SessionRestored : EventBody;

public sealed record SessionPinned(bool Pinned) : EventBody;

/// <summary>The driven agent's own name for the session.</summary>
public sealed record AgentLinked(string Agent, string Id) : EventBody;

/// <summary>A driven agent said what has no event of its own; nothing that it says is dropped.</summary>
/// <param name="Frame">As it came; null where <paramref name="Whole"/> has it.</param>
/// <param name="Whole">The frame, where it is too big for a line of the log.</param>
public sealed record AgentReported(string Agent, JsonElement? Frame = null, BlobRef? Whole = null) : EventBody;

/// <summary>Messages added after <paramref name="Keep"/> are hidden, until unrewound; the next prompt makes it final. Nothing is deleted.</summary>
/// <param name="Keep">The <see cref="Message.Seq"/> of the last message kept; 0: none.</param>
/// <param name="Messages">The number of messages left.</param>
/// <param name="Tree">The snapshot of the files as they were before, where they were rewound too.</param>
public sealed record SessionRewound(
    long Keep, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] MessageId? Message, int Messages, string? Tree = null) : EventBody;

/// <summary>The latest rewind that is not final was undone.</summary>
/// <param name="Messages">The number of messages there are again.</param>
public sealed record SessionUnrewound(int Messages) : EventBody;

/// <summary>What taking the session over found and mended.</summary>
public sealed record SessionRepaired(IReadOnlyList<Repair> Repairs) : EventBody;

/// <param name="Kind">
/// <c>turn</c> closed, <c>message</c> completed, <c>call</c> answered, <c>question</c> expired, <c>torn</c> tail cut, <c>newline</c> completed,
/// <c>damage</c> found, <c>blob</c> missing.
/// </param>
/// <param name="What">One sentence for people.</param>
public sealed record Repair(string Kind, string What);
