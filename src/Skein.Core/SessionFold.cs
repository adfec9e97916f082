using System.Collections.Immutable;
using Skein.Core.Events;

namespace Skein.Core;

/// <summary>How events make a <see cref="Session"/>. Pure: the same events give the same session, in one go or in pieces.</summary>
public static class SessionFold
{
    /// <summary>Rises when the same events give another session than before: what was folded by another version is folded again.</summary>
    public const int Version = 4;

    private const int TitleLength = 80;

    /// <summary>Folds one more event.</summary>
    /// <param name="session">Null before the first event of the session's own log.</param>
    /// <exception cref="DamagedException">The log does not begin with <c>session.created</c> or <c>session.forked</c>.</exception>
    public static Session Apply(this Session? session, SessionEvent e)
    {
        if (session is null)
            return Begin(e);

        return Apply(session, e.Body, e) with { Seq = Math.Max(session.Seq, e.Seq), UpdatedAt = e.Body is Gap ? session.UpdatedAt : e.At };
    }

    /// <summary>The first line of a prompt, short enough for a list.</summary>
    public static string TitleFrom(IEnumerable<MessagePart> parts)
    {
        var text = parts.Select(p => p.Content).OfType<TextPart>().Select(p => p.Text.Trim()).FirstOrDefault(t => t.Length > 0) ?? "";
        var line = text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is var end and >= 0 ? end : text.Length).TrimEnd();
        return line.Length <= TitleLength ? line.ToString() : string.Concat(line[..TextCut.Before(line, TitleLength - 1)], "…");
    }

    private static Session Begin(SessionEvent e) => e.Body switch
    {
        SessionCreated created => new Session(
            e.Session, e.Seq, SessionStatus.Idle, created.Title ?? "", created.Title is null ? TitleSource.Prompt : TitleSource.Manual,
            created.Workspace, created.Agent, created.Model, created.Mode, created.Host, e.At, e.At, 0, new Usage(), 0,
            Parent: created.Parent, Imported: created.Imported, Key: e.By?.Key),

        SessionForked forked => new Session(
            e.Session, e.Seq, SessionStatus.Idle, forked.Title, TitleSource.Manual,
            forked.Workspace, forked.Agent, forked.Model, forked.Mode, forked.Host, e.At, e.At, forked.Messages, new Usage(), 0,
            ForkedFrom: forked.From, Key: e.By?.Key)
        {
            Segments = forked.Segments,
            Edited = forked.Edited ?? new Dictionary<MessageId, long>(),
            Summaries = forked.Summaries ?? [],
            Hidden = forked.Hidden ?? [],
            AgentOrigin = forked.AgentSession,
            Worktree = forked.Worktree,
        },

        _ => throw new DamagedException($"Session {e.Session} begins with {e.Type} at {e.Seq}, not with session.created or session.forked."),
    };

    private static Session Apply(Session s, EventBody body, SessionEvent e) => body switch
    {
        SessionTitled titled => s with { Title = titled.Title, TitleSource = titled.Source },
        SessionConfigured set => s with
        {
            Agent = set.Agent ?? s.Agent,
            Model = set.Model ?? (set.Agent is not null && set.Agent != s.Agent ? null : s.Model),
            Mode = set.Mode ?? s.Mode,
            AgentSession = set.Agent is not null && set.Agent != s.Agent ? null : s.AgentSession,
            AgentOrigin = set.Agent is not null && set.Agent != s.Agent ? null : s.AgentOrigin,
        },
        SessionMoved moved => s with { Workspace = moved.Workspace },
        SessionLocated located => s with { Project = new Project(located.Root, located.Path) },
        SessionArchived => s with { Archived = true },
        SessionUnarchived => s with { Archived = false },
        SessionTrashed => s with { TrashedAt = e.At },
        SessionRestored => s with { TrashedAt = null },
        SessionPinned pinned => s with { Pinned = pinned.Pinned },
        AgentLinked linked => s with { AgentSession = linked.Id, AgentOrigin = null },
        // A driven agent remembers what was rewound: it goes on in a session of its own that is told the rest.
        SessionRewound rewound => s with { AgentSession = null, AgentOrigin = null, Rewinds = [.. s.Rewinds, new PendingRewind(rewound.Keep, s.Messages, e.Seq, rewound.Tree)], Messages = rewound.Messages },
        SessionUnrewound back => s with { Rewinds = [.. s.Rewinds.SkipLast(1)], Messages = back.Messages },

        PromptQueued queued => s with { Queue = queued.First ? [queued, .. s.Queue] : [.. s.Queue, queued] },
        PromptEdited edited => s with { Queue = [.. s.Queue.Select(q => q.Turn == edited.Turn ? q with { Parts = edited.Parts } : q)] },
        PromptWithdrawn withdrawn => s with { Queue = [.. s.Queue.Where(q => q.Turn != withdrawn.Turn)] },
        PromptSteered steered => s with { Steered = [.. s.Steered, steered] },

        TurnStarted started => s with
        {
            Status = SessionStatus.Running,
            Turn = started.Turn,
            Failure = null,
            Queue = [.. s.Queue.Where(q => q.Turn != started.Turn)],
        },
        TurnCompleted => End(s, SessionStatus.Idle),
        TurnInterrupted => End(s, SessionStatus.Interrupted),
        TurnFailed failed => End(s, SessionStatus.Error) with { Failure = failed },

        PermissionAsked asked => s with { Questions = [.. s.Questions, asked], Status = SessionStatus.Waiting },
        PermissionAnswered answered => Answer(s, answered),

        MessageAdded added => s with
        {
            Messages = added.N,
            Rewinds = [],
            Hidden = s.Rewinds.Count == 0 ? s.Hidden : [.. s.Hidden, .. s.Rewinds.Select(r => new HiddenStretch(r.Keep, r.At))],
            Summaries = added.Parts is [{ Content: SummaryPart }] ? [.. s.Summaries, e.Seq] : s.Summaries,
            Steered = [.. s.Steered.Where(p => p.Message != added.Message)],
            Title = s.Title.Length == 0 && added.Role == Role.User ? TitleFrom(added.Parts) : s.Title,
        },
        MessageEdited edited => s with { Edited = s.Edited.ToImmutableDictionary().SetItem(edited.Message, e.Seq) },
        MessageCompleted completed => Pay(s, completed.Usage, completed.Cost),
        ModelCalled called => Pay(s, called.Usage, called.Cost),
        FilesCheckpointFailed failed => s with { FilesProblem = failed.Reason },
        FilesCheckpointed taken => s with { FilesProblem = null, Files = (s.Files ?? new SessionTrees(taken.Tree, taken.Tree)) with { Last = taken.Tree } },
        FilesRestoreStarted started when s.Files is not null => s with { Files = s.Files with { Restoring = started } },
        FilesRestored when s.Files is not null => s with { Files = s.Files with { Restoring = null } },
        Gap gap => s with { Damage = [.. s.Damage, gap] },
        _ => s,
    };

    private static Session Pay(Session s, Usage? usage, decimal? cost) =>
        s with { Usage = usage is null ? s.Usage : s.Usage + usage, Cost = s.Cost + (cost ?? 0) };

    private static Session Answer(Session s, PermissionAnswered answered)
    {
        IReadOnlyList<PermissionAsked> open = [.. s.Questions.Where(q => q.Permission != answered.Permission)];
        return s with
        {
            Questions = open,
            Status = s.Status == SessionStatus.Waiting && open.Count == 0 ? SessionStatus.Running : s.Status,
        };
    }

    // What was steered too late to be taken begins a turn of its own, before anything that was queued.
    private static Session End(Session s, SessionStatus status) => s with
    {
        Status = status,
        Turn = null,
        Questions = [],
        Steered = [],
        Queue = [.. s.Steered.Select(p => new PromptQueued(LateTurn(p), p.Message, p.Parts)), .. s.Queue],
    };

    // A turn needs a name that every fold finds again: the message's own.
    private static TurnId LateTurn(PromptSteered steered) =>
        TurnId.Parse(TurnId.Prefix + steered.Message.Value[MessageId.Prefix.Length..]);
}
