using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// Pages of messages, read from the end of the log, so that the newest page of a huge session costs no more than a small one's.
/// </summary>
internal static class MessagePages
{
    private const int Many = 200;

    public static async Task<MessagePage> ReadAsync(ISessionStore store, Session session, long? before, int limit, CancellationToken cancellationToken)
    {
        var visible = new VisibleMessages();
        var events = new List<SessionEvent>();
        long? next = null;

        await foreach (var e in store.ReadBackAsync(session.Id, before ?? long.MaxValue, cancellationToken))
        {
            if (!visible.Keeps(e))
                continue;
            events.Add(e);
            if (e.Body is MessageAdded added && visible.Count == limit)
            {
                next = added.N > 1 ? e.Seq : null;
                break;
            }
        }

        var page = new Transcript();
        foreach (var e in Enumerable.Reverse(events))
            page.Apply(e);
        await ApplyLaterEditsAsync(store, session, page, before, cancellationToken);
        return new MessagePage(page.Messages, next, session.Seq);
    }

    /// <summary>One visible message, looked for page by page from the end; null: there is none of that id.</summary>
    public static async Task<Message?> FindAsync(ISessionStore store, Session session, MessageId message, CancellationToken cancellationToken)
    {
        long? before = null;
        do
        {
            var page = await ReadAsync(store, session, before, Many, cancellationToken);
            if (page.Items.FirstOrDefault(m => m.Id == message) is { } found)
                return found;
            before = page.Before;
        }
        while (before is not null);
        return null;
    }

    // An edit stands later in the log than its message, maybe later than the page.
    private static async Task ApplyLaterEditsAsync(
        ISessionStore store, Session session, Transcript page, long? before, CancellationToken cancellationToken)
    {
        foreach (var (message, seq) in session.Edited)
        {
            if (before is null || seq < before || page.Find(message) is null)
                continue;
            await foreach (var e in store.ReadAsync(session.Id, seq - 1, cancellationToken))
            {
                page.Apply(e);
                break;
            }
        }
    }

    /// <summary>Tells, going back through a log, which events count: those of messages that no rewind hides.</summary>
    private sealed class VisibleMessages
    {
        private readonly List<(long Keep, long At)> _hidden = [];
        private int _unrewound;

        public int Count { get; private set; }

        public bool Keeps(SessionEvent e)
        {
            switch (e.Body)
            {
                case SessionUnrewound:
                    _unrewound++;
                    return false;
                case SessionRewound when _unrewound > 0:
                    _unrewound--;
                    return false;
                case SessionRewound rewound:
                    _hidden.Add((rewound.Keep, e.Seq));
                    return false;
                case MessageAdded when _hidden.Exists(h => h.Keep < e.Seq && e.Seq < h.At):
                    return false;
                case MessageAdded:
                    Count++;
                    return true;
                default:
                    return true;
            }
        }
    }
}
