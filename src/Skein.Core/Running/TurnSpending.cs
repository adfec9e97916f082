using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>What a turn that goes on had spent: its messages do not tell it all, since a summary may cover some, and others worked for it.</summary>
internal static class TurnSpending
{
    /// <param name="open">The last message where calls of it have no result: those that work for them are counted when these are carried out.</param>
    public static async Task<TurnSpent> ReadAsync(ISessionStore store, SessionId session, TurnId turn, Message? open, CancellationToken cancellationToken)
    {
        var (steps, cost) = (0, 0m);
        await foreach (var e in store.ReadBackAsync(session, long.MaxValue, cancellationToken))
        {
            switch (e.Body)
            {
                case MessageCompleted completed:
                    (steps, cost) = (steps + 1, cost + (completed.Cost ?? 0));
                    break;
                case ModelCalled called:
                    (steps, cost) = (steps + 1, cost + (called.Cost ?? 0));
                    break;
                case ModelRetried:
                    steps++;
                    break;
                case TurnStarted started when started.Turn == turn:
                    var later = open?.UnansweredCalls.Select(c => SubAgentRequest.KeyOf(open.Id, c.CallId)).ToHashSet() ?? [];
                    return new TurnSpent(steps, cost + await BelowAsync(store, session, s => s.CreatedAt >= e.At && !later.Contains(s.Key ?? ""), cancellationToken));
            }
        }

        return new TurnSpent(steps, cost);
    }

    /// <summary>What sessions cost that work for one, and those that work for them.</summary>
    public static Task<decimal> BelowAsync(ISessionStore store, SessionId session, CancellationToken cancellationToken) =>
        BelowAsync(store, session, static _ => true, cancellationToken);

    private static async Task<decimal> BelowAsync(ISessionStore store, SessionId session, Func<Session, bool> counts, CancellationToken cancellationToken)
    {
        var cost = 0m;
        foreach (var below in (await SessionRows.BelowAsync(store, session, trashed: false, cancellationToken)).Where(counts))
            cost += below.Cost + await BelowAsync(store, below.Id, cancellationToken);
        return cost;
    }
}
