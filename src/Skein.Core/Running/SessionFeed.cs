using System.Runtime.CompilerServices;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// The log is the queue: a follower is woken by an append and reads the log, and takes the text still arriving in between.
/// </summary>
internal sealed class SessionFeed(ISessionStore store, LiveTexts texts, TimeProvider time)
{
    // A model's tokens come faster than anybody sees: in pieces they cost a follower about half.
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(20);

    public async IAsyncEnumerable<FeedFrame> FollowAsync(SessionId session, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var detached = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var live = texts.Attach(session, follower: true);
        Task? appended = null;
        try
        {
            var sent = new Dictionary<PartId, int>();
            var spoke = long.MinValue;
            while (true)
            {
                // Taken before the read: a delta in between completes this very signal.
                var changed = live.NextChange();

                if (appended is null or { IsCompleted: true })
                {
                    await foreach (var e in store.ReadAsync(session, after, cancellationToken))
                    {
                        after = Math.Max(after, e.Seq);
                        if (LiveText.EndedBy(e.Body) is { } part)
                            live.End(sent, part);
                        yield return new EventFrame(e);
                    }

                    appended = store.WaitForChangeAsync(session, after, detached.Token);
                }

                var deltas = live.TakeNew(sent, after, out var behind);
                foreach (var delta in deltas)
                    yield return new DeltaFrame(delta);
                if (behind)
                {
                    await appended;
                    continue;
                }

                if (deltas.Count > 0)
                    spoke = time.GetTimestamp();
                await await Task.WhenAny(changed, appended);

                // Only what comes too soon needs a timer.
                if (!appended.IsCompleted && spoke > long.MinValue && s_pace - time.GetElapsedTime(spoke) is { Ticks: > 0 } rest)
                    await Task.WhenAny(Task.Delay(rest, time, detached.Token), appended);
            }
        }
        finally
        {
            texts.Detach(session, follower: true);
            await detached.CancelAsync();
            if (appended is not null)
                await appended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The live sessions' rows, then every row as it changes.</summary>
    public async IAsyncEnumerable<SessionRow> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Watched before the snapshot is taken, so that nothing falls between.
        await using var changes = store.WatchAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var next = changes.MoveNextAsync().AsTask();

        foreach (var status in (SessionStatus[])[SessionStatus.Running, SessionStatus.Waiting])
        {
            var query = new SessionQuery(Archived: null, Status: status, Limit: 1000);
            while (true)
            {
                var page = await store.ListAsync(query, cancellationToken);
                foreach (var session in page.Items)
                    yield return Row(session);
                if (page.Next is null)
                    break;
                query = query with { Cursor = page.Next };
            }
        }

        while (await next)
        {
            yield return Row(changes.Current);
            next = changes.MoveNextAsync().AsTask();
        }
    }

    private static SessionRow Row(Session session) => new(session.Id, session.Seq, session);
}
