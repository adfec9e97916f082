using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>How far a rewind goes back.</summary>
internal static class Rewinding
{
    /// <param name="message">The last one to stay; null: those before the last turn stay.</param>
    /// <returns>What is to be appended: nothing where all stay.</returns>
    /// <exception cref="NotInSessionException">There is no such message.</exception>
    /// <exception cref="ConflictException">There is no message at all.</exception>
    public static async Task<List<EventBody>> OfAsync(ISessionStore store, Session session, MessageId? message, CancellationToken cancellationToken)
    {
        var kept = message is { } last
            ? await FindAsync(store, session, last, cancellationToken)
            : await FindBeforeLastTurnAsync(store, session, cancellationToken);
        return kept switch
        {
            null => [new SessionRewound(0, null, 0)],
            { Body: MessageAdded { N: var n } } when n == session.Messages => [],
            { Seq: var seq, Body: MessageAdded added } => [new SessionRewound(seq, added.Message, added.N)],
            _ => throw new DamagedException($"Session {session.Id}: what stands at {kept.Seq}, where message {message} begins, cannot be read."),
        };
    }

    private static async Task<SessionEvent> FindAsync(ISessionStore store, Session session, MessageId message, CancellationToken cancellationToken) =>
        await store.FindMessageAsync(session.Id, message, cancellationToken) is { } seq && !session.Hides(seq)
            ? await MessagePages.EventAsync(store, session.Id, seq, cancellationToken)
            : throw new NotInSessionException(session.Id, $"message {message}");

    // A message that was appended without a turn counts as one.
    private static async Task<SessionEvent?> FindBeforeLastTurnAsync(ISessionStore store, Session session, CancellationToken cancellationToken)
    {
        MessageAdded? last = null;
        await foreach (var e in VisibleEvents.BackAsync(store, session.Id, long.MaxValue, cancellationToken))
        {
            if (e.Body is not MessageAdded added)
                continue;
            if (last is not null && (last.Turn is null || added.Turn != last.Turn))
                return e;
            last ??= added;
        }

        return last is null ? throw new ConflictException($"Session {session.Id} has no message to rewind.") : null;
    }
}
