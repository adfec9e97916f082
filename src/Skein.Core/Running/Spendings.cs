using Skein.Core.Spending;

namespace Skein.Core.Running;

/// <summary>Sums up what the logs tell was spent, those in the trash included: what is there no longer to be read was purged.</summary>
internal static class Spendings
{
    public static async Task<SpendingReport> SumAsync(ISessionStore store, Projects projects, SpendingQuery query, CancellationToken cancellationToken)
    {
        var sum = new SpendingSum(query);
        var uncounted = new List<UncountedSession>();
        await foreach (var spent in store.ReadSpendingAsync(await projects.FollowAsync(query, cancellationToken), cancellationToken))
        {
            if (spent.Fault is { } fault)
                uncounted.Add(new UncountedSession(spent.Session, fault));
            var calls = spent.Calls.Where(c => (query.Agent is null || c.Agent == query.Agent) && !(c.At < query.Since)).ToList();
            if (calls.Count == 0)
                continue;

            var root = query.By == SpendingBy.Session ? await RootAsync(store, spent.Session, cancellationToken) : null;
            foreach (var call in calls)
                sum.Add(spent, call, root);
        }

        return sum.Report(uncounted);
    }

    // A log that somebody wrote by hand may name itself, or in a circle.
    private static async ValueTask<Session?> RootAsync(ISessionStore store, SessionId session, CancellationToken cancellationToken)
    {
        var root = await FindAsync(session);
        for (var passed = new HashSet<SessionId>(); root?.Parent is { } parent && passed.Add(parent) && await FindAsync(parent) is { } above;)
            root = above;
        return root;

        async ValueTask<Session?> FindAsync(SessionId wanted)
        {
            try
            {
                return await store.FindAsync(wanted, cancellationToken);
            }
            catch (DamagedException)
            {
                return null;
            }
        }
    }
}
