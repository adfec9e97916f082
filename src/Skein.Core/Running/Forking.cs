using System.Globalization;
using System.Text.RegularExpressions;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Makes a fork: a new session that reads its beginning from its origin, by reference.</summary>
internal static partial class Forking
{
    /// <summary>Runs on the origin's mailbox where a turn is open in it, so that it stands still; else what is appended meanwhile comes after the fork.</summary>
    /// <param name="session">The origin.</param>
    /// <param name="live">The messages of one in which a turn is open.</param>
    /// <param name="place">Where the fork works.</param>
    public static async Task<ISessionWriter> ForkAsync(
        RunnerParts parts, Session session, IReadOnlyList<Message> live, ForkRequest request, ForkPlace place, string host, Cause by, CancellationToken cancellationToken)
    {
        var cut = request.Message is { } message ? await CutAfterAsync(parts.Store, session, message, cancellationToken) : new Cut(session.Seq, null, session.Messages);
        IReadOnlyList<Message> last = [];
        if (cut.Seq == session.Seq)
        {
            last = session.IsLive ? live : (await MessagePages.ReadAsync(parts.Store, session, session.Seq + 1, 1, cancellationToken)).Items;
            cut = cut with { Message = last is [.., var newest] ? newest.Id : null };
        }

        var forked = new SessionForked(
            new ForkOrigin(session.Id, cut.Seq, cut.Message),
            Segments(session, cut.Seq),
            place.Workspace, session.Agent, session.Model, session.Mode,
            request.Title ?? await TitleAsync(parts.Store, session, cancellationToken),
            host,
            cut.Messages,
            Some(session.Edited.Where(e => e.Value <= cut.Seq))?.ToDictionary(),
            Some(session.Summaries.Where(s => s <= cut.Seq)),
            Some(session.Hidden.Concat(session.Rewinds.Select(r => new HiddenStretch(r.Keep, r.At))).Where(h => h.At <= cut.Seq)),
            // An agent that is driven keeps its sessions with their folders.
            cut.Seq == session.Seq && place.Worktree is null ? session.AgentSession : null,
            place.Worktree);

        List<EventBody> bodies = [forked];
        if (session.Project is { } project)
            bodies.Add(new SessionLocated(project.Root, project.Path));

        // What was edited since still reads as edited.
        foreach (var (edited, at) in session.Edited)
        {
            if (at > cut.Seq && await parts.Store.FindMessageAsync(session.Id, edited, cancellationToken) <= cut.Seq)
                bodies.Add((await MessagePages.EventAsync(parts.Store, session.Id, at, cancellationToken)).Body);
        }

        bodies.AddRange(new Closing(parts.Ids).Messages(last, [], StopReason.Interrupted, "The session was forked before this call had a result.").Bodies);

        return await parts.Store.CreateAsync(place.Fork, bodies, by, cancellationToken);
    }

    /// <summary><c>T (fork)</c>, then <c>T (fork 2)</c>: never <c>T (fork) (fork)</c>.</summary>
    private static async Task<string> TitleAsync(ISessionStore store, Session origin, CancellationToken cancellationToken)
    {
        var root = ForkSuffix().Replace(origin.Title, "");
        var last = NumberOf(origin.Title, root);
        var query = new SessionQuery(origin.Workspace, Archived: null, TitleStart: $"{root} (fork".TrimStart(), Limit: 1000);
        do
        {
            var page = await store.ListAsync(query, cancellationToken);
            last = page.Items.Select(s => NumberOf(s.Title, root)).Append(last).Max();
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);

        return last == 0 ? $"{root} (fork)".TrimStart() : $"{root} (fork {last + 1})".TrimStart();
    }

    /// <summary>Which fork of <paramref name="root"/> a title names; 0: none.</summary>
    private static int NumberOf(string title, string root) =>
        ForkSuffix().Match(title) is { Success: true } match && title.AsSpan(0, match.Index).SequenceEqual(root) ? Number(match) : 0;

    private static int Number(Match match) =>
        match.Groups[1].Success && int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var n) ? n : 1;

    /// <summary>As <see cref="ITurn.FindAgentOriginAsync"/>: the origin must be what it was when it was forked, and the fork too.</summary>
    /// <param name="messages">The fork's, the prompt last.</param>
    public static async ValueTask<AgentOrigin?> FindAgentOriginAsync(
        ISessionStore store, Session fork, IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        if (fork is not { AgentOrigin: { } agentSession, ForkedFrom: { } from } || fork.Edited.Count > 0 || messages.SkipLast(1).Any(m => m.Seq > from.Seq))
            return null;

        return await store.FindAsync(from.Session, cancellationToken) is { IsLive: false, Edited.Count: 0 } origin
            && origin.AgentSession == agentSession && origin.Messages == fork.Messages - 1
                ? new AgentOrigin(agentSession, origin.Cost) : null;
    }

    // The whole message belongs to the fork: all that comes before the next message, or the next turn, begins.
    private static async Task<Cut> CutAfterAsync(ISessionStore store, Session session, MessageId message, CancellationToken cancellationToken)
    {
        var begun = await store.FindMessageAsync(session.Id, message, cancellationToken) ?? throw new NotInSessionException(session.Id, $"message {message}");
        var cut = begun;
        var number = 0;
        await foreach (var e in store.ReadAsync(session.Id, begun - 1, cancellationToken))
        {
            if (e.Body is MessageAdded added && added.Message == message)
                number = added.N;
            else if (e.Body is MessageAdded or TurnStarted or SessionRewound)
                break;
            cut = e.Seq;
        }

        return new Cut(cut, message, number);
    }

    private static List<T>? Some<T>(IEnumerable<T> all) => all.ToList() is { Count: > 0 } some ? some : null;

    // Flattened: each stretch is read from the file of the session that wrote it.
    private static IReadOnlyList<Segment> Segments(Session origin, long upTo) =>
    [
        .. origin.Segments.TakeWhile((_, i) => i == 0 || origin.Segments[i - 1].UpTo < upTo).Select(s => s with { UpTo = Math.Min(s.UpTo, upTo) }),
        .. origin.ForkedFrom is null || upTo > origin.ForkedFrom.Seq ? [new Segment(origin.Id, upTo)] : Array.Empty<Segment>(),
    ];

    [GeneratedRegex(@" ?\(fork(?: (\d+))?\)$")]
    private static partial Regex ForkSuffix();

    private sealed record Cut(long Seq, MessageId? Message, int Messages);
}

/// <summary>The fork that is being made, and where it works.</summary>
internal sealed record ForkPlace(SessionId Fork, string Workspace, Worktree? Worktree = null);
