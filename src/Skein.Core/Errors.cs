using Skein.Core.Files;

namespace Skein.Core;

/// <summary>An error that the caller can act on. The message names the thing, the value and the rule, and is safe to show to a client.</summary>
/// <param name="code">A stable word for programs, in snake_case; it stands in the problem's <c>code</c>.</param>
public abstract class SkeinException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    private const int Named = 10;

    public string Code { get; } = code;

    private protected static string SomeOf(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(Named)) + (names.Count > Named ? $" and {names.Count - Named} more" : "");
}

/// <summary>What was asked for breaks a rule that the message names.</summary>
public sealed class InvalidRequestException(string message) : SkeinException("invalid_request", message);

public sealed class MalformedIdException(string text, string prefix)
    : SkeinException("malformed_id", $"'{Shown(text)}' is not an id: it must be '{prefix}' and {IdText.Length} characters of 0-9 and a-z without i, l, o, u.")
{
    public string Text { get; } = text;

    private static string Shown(string text) => text.Length <= 80 ? text : text[..80] + "…";
}

public sealed class SessionNotFoundException(SessionId session) : SkeinException("session_not_found", $"There is no session {session}.")
{
    public SessionId Session { get; } = session;
}

public sealed class SessionExistsException(SessionId session, string difference)
    : SkeinException("session_exists", $"Session {session} exists with {difference}.")
{
    public SessionId Session { get; } = session;
}

/// <summary>A message, a question, a queued prompt or a blob that the session does not have.</summary>
public sealed class NotInSessionException(SessionId session, string what) : SkeinException("not_in_session", $"Session {session} has no {what}.")
{
    public SessionId Session { get; } = session;
}

public sealed class BusyException(SessionId session, TurnId turn)
    : SkeinException("busy", $"Session {session} is busy with turn {turn}: wait, interrupt it, or send the prompt with when=queue or when=steer.")
{
    public SessionId Session { get; } = session;
    public TurnId Turn { get; } = turn;
}

/// <summary>Files were changed since the session's last snapshot, by somebody else; nothing was restored.</summary>
public sealed class FilesChangedException(SessionId session, IReadOnlyList<FileChange> changes)
    : SkeinException("files_changed", $"Files were changed since session {session} last worked on them, and would be lost from sight: {SomeOf([.. changes.Select(c => c.Path)])}. With force (--force of the commands) it goes on, and what they are now is kept.")
{
    public SessionId Session { get; } = session;
    public IReadOnlyList<FileChange> Changes { get; } = changes;
}

/// <summary>A fork and its origin changed the same lines; nothing was merged.</summary>
public sealed class MergeConflictsException(SessionId fork, IReadOnlyList<string> conflicts)
    : SkeinException("merge_conflicts", $"Session {fork} and its origin both changed {SomeOf(conflicts)}. Nothing was merged: choose what becomes of these files, with conflicts (--conflicts of the command) markers, ours or theirs.")
{
    public SessionId Fork { get; } = fork;
    public IReadOnlyList<string> Conflicts { get; } = conflicts;
}

/// <summary>The session is not in the state that the command needs.</summary>
public sealed class ConflictException(string message) : SkeinException("conflict", message);

public sealed class TrashedException(SessionId session)
    : SkeinException("trashed", $"Session {session} is in the trash: restore it first.")
{
    public SessionId Session { get; } = session;
}

public sealed class CursorAheadException(SessionId session, long after, long last)
    : SkeinException("cursor_ahead", $"Session {session} ends at {last}, not at {after} or later: was the store restored from a backup? Start again from {last} or before.")
{
    public SessionId Session { get; } = session;
    public long After { get; } = after;
    public long Last { get; } = last;
}

/// <summary>Another writer took the session; nothing was appended.</summary>
public sealed class FencedException(SessionId session) : SkeinException("fenced", $"Session {session} was taken over by another writer.")
{
    public SessionId Session { get; } = session;
}

/// <summary>Whether the events were appended is not known: open a new writer and compare.</summary>
public sealed class AppendUnknownException(SessionId session, Exception inner)
    : SkeinException("append_unknown", $"Session {session}: it is not known whether the append reached the disk ({inner.Message}).", inner)
{
    public SessionId Session { get; } = session;
}

/// <summary>The session, or the whole store, takes no appends; reading goes on.</summary>
public sealed class StoreStoppedException(string what, Exception? inner = null)
    : SkeinException("store_stopped", what, inner);

/// <summary>What is there cannot be read. It is never answered as missing.</summary>
public sealed class DamagedException(string what, Exception? inner = null) : SkeinException("damaged", what, inner);

/// <summary>The home folder cannot be used: unreadable, another user's, or another server's.</summary>
public class HomeException(string message, Exception? inner = null) : SkeinException("home", message, inner);
