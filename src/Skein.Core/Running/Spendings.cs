using Skein.Core.Spending;

namespace Skein.Core.Running;

/// <summary>
/// Reads what was spent out of the logs, those in the trash included: what is there no longer to be read was purged. Sessions that used
/// nothing, or changed last before the time asked for, are not opened.
/// </summary>
internal static class Spendings
{
    public static async Task<SpendingReport> SumAsync(ISessionStore store, SpendingQuery query, CancellationToken cancellationToken)
    {
        var live = await SessionRows.AllAsync(store, trashed: false, cancellationToken);
        var trashed = await SessionRows.AllAsync(store, trashed: true, cancellationToken);
        // One that went to the trash in between is in both.
        var sessions = live.Concat(trashed).DistinctBy(s => s.Id).ToDictionary(s => s.Id);
        var sum = new SpendingSum(query, sessions);
        var uncounted = new List<UncountedSession>();
        foreach (var session in sessions.Values)
        {
            if ((session.Usage == new Usage() && session.Cost == 0) || session.UpdatedAt < query.Since || (query.Workspace is { } folder && session.Workspace != folder))
                continue;

            try
            {
                await AddAsync(store, session, sum, cancellationToken);
            }
            catch (SkeinException e)
            {
                uncounted.Add(new UncountedSession(session.Id, e.Message));
            }
        }

        return sum.Report(uncounted);
    }

    private static async Task AddAsync(ISessionStore store, Session session, SpendingSum sum, CancellationToken cancellationToken)
    {
        // What a fork inherits was paid for by its origin.
        var after = session.Segments is [.., var last] ? last.UpTo : 0;
        var fold = new SpendingFold(session.Agent);
        await foreach (var e in store.ReadAsync(session.Id, after, cancellationToken))
        {
            if (fold.Add(e) is { } call)
                sum.Add(session, call);
        }
    }
}
