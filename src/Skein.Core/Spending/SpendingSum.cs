namespace Skein.Core.Spending;

/// <summary>Sums calls up by what was asked for.</summary>
internal sealed class SpendingSum(SpendingQuery query, IReadOnlyDictionary<SessionId, Session> sessions)
{
    private readonly Dictionary<string, Spent> _items = new(StringComparer.Ordinal);

    public void Add(Session session, PaidCall call)
    {
        if ((query.Agent is not null && call.Agent != query.Agent) || call.At < query.Since)
            return;

        var root = Root(session);
        var (key, title) = query.By switch
        {
            SpendingBy.Day => (call.At.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), null),
            SpendingBy.Session => (root.Id.Value, root.Title),
            SpendingBy.Model => (call.Model ?? "", null),
            SpendingBy.Workspace => (session.Workspace, null),
            _ => (call.Agent, null),
        };
        var more = new Spent(key, 1, call.Usage ?? new Usage(), call.Cost ?? 0, call.Cost is null ? 1 : 0, title);
        _items[key] = _items.TryGetValue(key, out var item) ? Plus(item, more) : more;
    }

    public SpendingReport Report(IReadOnlyList<UncountedSession> uncounted) => new(
        query.By,
        [.. query.By == SpendingBy.Day
            ? _items.Values.OrderBy(i => i.Key, StringComparer.Ordinal)
            : _items.Values.OrderByDescending(i => i.Cost).ThenByDescending(i => i.Usage.Output).ThenBy(i => i.Key, StringComparer.Ordinal)],
        _items.Values.Aggregate(new Spent("", 0, new Usage(), 0, 0), Plus),
        uncounted);

    private static Spent Plus(Spent left, Spent right) => left with
    {
        Calls = left.Calls + right.Calls,
        Usage = left.Usage + right.Usage,
        Cost = left.Cost + right.Cost,
        Unpriced = left.Unpriced + right.Unpriced,
    };

    // A log that somebody wrote by hand may name itself, or in a circle.
    private Session Root(Session session)
    {
        var root = session;
        for (var steps = 0; steps < sessions.Count && root.Parent is { } parent && sessions.TryGetValue(parent, out var above); steps++)
            root = above;
        return root;
    }
}
