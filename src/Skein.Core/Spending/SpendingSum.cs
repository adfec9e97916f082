namespace Skein.Core.Spending;

/// <summary>Sums calls up by what was asked for.</summary>
internal sealed class SpendingSum(SpendingQuery query)
{
    private readonly Dictionary<string, Spent> _items = new(StringComparer.Ordinal);

    /// <param name="root">The session that the session works for in the end; null where that was not asked for, or cannot be read.</param>
    public void Add(SessionSpending session, PaidCall call, Session? root)
    {
        var key = query.By switch
        {
            SpendingBy.Day => call.At.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
            SpendingBy.Session => (root?.Id ?? session.Session).Value,
            SpendingBy.Model => call.Model ?? "",
            SpendingBy.Workspace => session.Workspace,
            _ => call.Agent,
        };
        var more = new Spent(key, 1, call.Usage ?? new Usage(), call.Cost ?? 0, call.Cost is null ? 1 : 0, root?.Title);
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
}
