using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// Pages of messages, read from the end of the log, so that the newest page of a huge session costs no more than a small one's.
/// </summary>
internal static class MessagePages
{
    public static async Task<MessagePage> ReadAsync(ISessionStore store, Session session, long? before, int limit, CancellationToken cancellationToken)
    {
        var events = new List<SessionEvent>();
        var count = 0;
        long? next = null;

        await foreach (var e in VisibleEvents.BackAsync(store, session.Id, before ?? long.MaxValue, cancellationToken))
        {
            events.Add(e);
            if (e.Body is MessageAdded added && ++count == limit)
            {
                next = added.N > 1 ? e.Seq : null;
                break;
            }
        }

        var page = new Transcript();
        foreach (var e in Enumerable.Reverse(events))
            page.Apply(e);
        foreach (var (message, seq) in session.Edited)
        {
            // An edit stands later in the log than its message, maybe later than the page.
            if (before is not null && seq >= before && page.Find(message) is not null)
                page.Apply(await EventAsync(store, session.Id, seq, cancellationToken));
        }

        return new MessagePage(page.Messages, next, session.Seq);
    }

    /// <summary>One visible message; null: there is none of that id.</summary>
    public static async Task<Message?> FindAsync(ISessionStore store, Session session, MessageId message, CancellationToken cancellationToken)
    {
        if (await store.FindMessageAsync(session.Id, message, cancellationToken) is not { } begun || session.Hides(begun))
            return null;

        var transcript = new Transcript();
        await foreach (var e in store.ReadAsync(session.Id, begun - 1, cancellationToken))
        {
            // What was steered may stand between a message and the rest of it.
            if (e.Seq > begun && (e.Body is TurnStarted || (e.Body is MessageAdded && IsWhole(transcript.Messages[0]))))
                break;
            if (e.Seq == begun || e.Body is not MessageAdded)
                transcript.Apply(e);
        }

        if (session.Edited.TryGetValue(message, out var edited))
            transcript.Apply(await EventAsync(store, session.Id, edited, cancellationToken));
        return transcript.Find(message);
    }

    /// <summary>The event of a sequence.</summary>
    public static async Task<SessionEvent> EventAsync(ISessionStore store, SessionId session, long seq, CancellationToken cancellationToken)
    {
        await foreach (var e in store.ReadAsync(session, seq - 1, cancellationToken))
            return e;
        throw new CursorAheadException(session, seq, seq - 1);
    }

    private static bool IsWhole(Message message) =>
        message.Status is MessageStatus.Completed or MessageStatus.Error && !message.UnansweredCalls.Any();
}
