using System.Text.Json.Serialization;
using Skein.Core.Files;

namespace Skein.Core.Events;

/// <summary>The files of the workspace were snapshotted; what they were stays as long as the session does.</summary>
/// <param name="Tree">The snapshot's name: a tree of git, whose paths begin at the workspace.</param>
/// <param name="Turn">The turn it belongs to; null: it was taken between turns.</param>
/// <param name="CallId">The tool call it was taken after; null: after none.</param>
/// <param name="Before">It shows what was there before the turn changed anything.</param>
/// <param name="LeftOut">Files that are not in it, and why, at most 20; null: none.</param>
public sealed record FilesCheckpointed(
    string Tree, TurnId? Turn = null, string? CallId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Before = false,
    IReadOnlyList<string>? LeftOut = null) : EventBody;

/// <summary>A snapshot takes longer than a second; told once a turn, so that nobody wonders what is being waited for.</summary>
/// <param name="Files">How many are read for it; null: they are still being looked for.</param>
public sealed record FilesCheckpointDelayed(TurnId? Turn = null, int? Files = null) : EventBody;

/// <summary>The files could not be snapshotted; the turn goes on without. Told once for a reason that stays.</summary>
/// <param name="Reason">One sentence for people.</param>
public sealed record FilesCheckpointFailed(string Reason, TurnId? Turn = null) : EventBody;

/// <summary>Files are being restored. Without a <see cref="FilesRestored"/> behind it, the next one who opens the session finishes it.</summary>
/// <param name="From">The snapshot of what was there before.</param>
/// <param name="To">The snapshot to restore.</param>
public sealed record FilesRestoreStarted(string From, string To) : EventBody;

/// <summary>Files were restored.</summary>
/// <param name="Kept">Files that were left as they are, and why, at most 20; null: none.</param>
public sealed record FilesRestored(string From, string To, IReadOnlyList<string>? Kept = null) : EventBody;

/// <summary>
/// What a fork did was merged into this session: the message tells of it, and the files are being restored to what was merged. Its place is
/// that of a turn.
/// </summary>
/// <param name="Upto">The fork's last sequence of which this tells.</param>
/// <param name="Choice">What was to become of conflicts.</param>
/// <param name="From">The snapshot of what was here before; null: both work in one folder, and no file was touched.</param>
/// <param name="To">The snapshot of what was merged.</param>
/// <param name="Theirs">The snapshot of what the fork had.</param>
/// <param name="Conflicts">Files that both had changed, at most 20; null: none.</param>
public sealed record ForkMerged(
    SessionId Fork, TurnId Turn, MessageId Message, long Upto, ConflictChoice Choice,
    string? From = null, string? To = null, string? Theirs = null, IReadOnlyList<string>? Conflicts = null) : EventBody;
