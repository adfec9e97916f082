using System.Text.Json.Serialization;
using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Protocol;

/// <summary>A session to make.</summary>
/// <param name="Workspace">The folder the agent works in: an absolute path of a folder that exists.</param>
/// <param name="Agent">Null: the default agent.</param>
/// <param name="Id">Null: a new one. An id that exists answers that session, its model updated; with another workspace or agent it is an error.</param>
public sealed record NewSession(
    string Workspace,
    string? Agent = null,
    string? Model = null,
    PermissionMode? Mode = null,
    string? Title = null,
    SessionId? Parent = null,
    SessionId? Id = null);

/// <summary>A session to make out of messages that were said elsewhere.</summary>
/// <param name="Workspace">The folder the agent works in from now on: an absolute path of a folder that exists.</param>
/// <param name="From">What the messages come from, for example <c>skein</c>.</param>
/// <param name="Id">The session's id there.</param>
/// <param name="Messages">In their order. Ids are made anew; times are those of the import. Blobs they name must be there: <c>POST /v1/blobs</c>.</param>
/// <param name="Agent">Null, or one that there is not: the default agent.</param>
/// <param name="Model">Null, or one that cannot be used: the default model.</param>
/// <param name="Mode">Null: the default mode. Never taken from where the messages come from.</param>
/// <param name="TitleSource">With <paramref name="Title"/>: where it came from.</param>
/// <param name="AgentSession">
/// The driven agent's own id of it, with which the agent goes on. Such a session is made once: where there is one, that is the answer.
/// </param>
public sealed record ImportRequest(
    string Workspace,
    string From,
    string Id,
    IReadOnlyList<Message> Messages,
    string? Agent = null,
    string? Model = null,
    PermissionMode? Mode = null,
    string? Title = null,
    TitleSource TitleSource = TitleSource.Manual,
    string? AgentSession = null);

/// <summary>What to change of a session; null: as it is.</summary>
/// <param name="Title">1 to 100 characters after trimming; it sticks.</param>
public sealed record SessionChange(
    string? Title = null,
    string? Agent = null,
    string? Model = null,
    PermissionMode? Mode = null,
    bool? Archived = null,
    bool? Pinned = null);

/// <summary>What a prompt does when a turn runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WhenBusy>))]
public enum WhenBusy
{
    [JsonStringEnumMemberName("reject")] Reject,

    /// <summary>Wait for the turn to end, then start a turn.</summary>
    [JsonStringEnumMemberName("queue")] Queue,

    /// <summary>Tell the running turn, at its next step.</summary>
    [JsonStringEnumMemberName("steer")] Steer,

    /// <summary>Interrupt the turn, then start one before all that wait.</summary>
    [JsonStringEnumMemberName("interrupt")] Interrupt,
}

/// <summary>A prompt: a text, or parts. Agent, model and mode stay with the session, the others hold for the turn.</summary>
/// <param name="MaxCost">Ends the turn when it has cost so many US dollars; more than 0.</param>
/// <param name="MaxSteps">Ends the turn after so many calls of the model; 1 or more.</param>
/// <param name="Effort">How much the model is to think.</param>
public sealed record PromptRequest(
    string? Text = null,
    IReadOnlyList<Part>? Parts = null,
    WhenBusy When = WhenBusy.Reject,
    string? Agent = null,
    string? Model = null,
    PermissionMode? Mode = null,
    string? System = null,
    IReadOnlyList<string>? Tools = null,
    decimal? MaxCost = null,
    int? MaxSteps = null,
    Effort? Effort = null);

/// <param name="Turn">The turn that works on it: the running one, if it was steered.</param>
/// <param name="Seq">The sequence of the event that accepted it. Durable.</param>
public sealed record PromptAccepted(TurnId Turn, long Seq);

/// <summary>What a queued prompt says from now on, a text or parts, or that it is to wait no longer.</summary>
/// <param name="When"><see cref="WhenBusy.Steer"/>: the running turn is told it as it stands; null: it waits on.</param>
public sealed record PromptChange(string? Text = null, IReadOnlyList<Part>? Parts = null, WhenBusy? When = null);

/// <param name="Keep">What the summary is to keep above all; null: what matters.</param>
public sealed record CompactRequest(string? Keep = null);

/// <param name="Interrupted">False: nothing ran.</param>
public sealed record InterruptOutcome(bool Interrupted);

/// <summary>Another folder to go on in.</summary>
/// <param name="Workspace">An absolute path of a folder that exists.</param>
/// <param name="IfLost">Only if the session's own folder is gone and this one is the same part of the same project; else nothing happens.</param>
public sealed record MoveRequest(string Workspace, bool IfLost = false);

/// <param name="Sessions">Those whose agent and runner were ended.</param>
public sealed record Released(IReadOnlyList<SessionId> Sessions);

public sealed record PermissionReply(PermissionAnswer Answer, string? Message = null);

/// <param name="Message">The last message the fork has; null: all of them.</param>
/// <param name="Title">Null: the origin's with <c>(fork)</c>.</param>
/// <param name="Worktree">It works in a git worktree of its own, which begins with what the origin's folder has.</param>
/// <param name="Branch">With <paramref name="Worktree"/>: the branch of it, which must be new; null: one that is named after the fork.</param>
public sealed record ForkRequest(MessageId? Message = null, string? Title = null, bool Worktree = false, string? Branch = null);

/// <param name="Conflicts">What becomes of files that both changed in a way that cannot be put together; by default nothing is merged then.</param>
public sealed record MergeRequest(ConflictChoice Conflicts = ConflictChoice.Abort);

/// <param name="Force">Also if files were changed since by somebody else; what they were is kept, and unrewinding brings it back.</param>
public sealed record UnmergeRequest(bool Force = false);

/// <param name="Message">The last message to keep; null: what came before the last turn.</param>
/// <param name="Files">Also restore the files as they were then.</param>
/// <param name="Force">Also if they were changed since by somebody else; what they were is kept, and unrewinding brings it back.</param>
public sealed record RewindRequest(MessageId? Message = null, bool Files = false, bool Force = false);

/// <param name="Files">Also restore the files as they were before the rewind.</param>
/// <param name="Force">Also if they were changed since by somebody else.</param>
public sealed record UnrewindRequest(bool Files = false, bool Force = false);

/// <summary>A message to append without a turn.</summary>
public sealed record NewMessage(Role Role, IReadOnlyList<Part> Parts);

/// <summary>New parts for a message; id, role and place cannot change.</summary>
public sealed record MessageChange(IReadOnlyList<Part> Parts);
