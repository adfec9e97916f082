namespace Skein.Core.Redaction;

/// <summary>How many secrets of each kind were taken out. One writer at a time.</summary>
internal sealed class RedactionCounts
{
    private SortedDictionary<string, int>? _counts;

    public bool Any => _counts is not null;

    public void Add(string kind, int count = 1)
    {
        _counts ??= new SortedDictionary<string, int>(StringComparer.Ordinal);
        _counts[kind] = _counts.GetValueOrDefault(kind) + count;
    }

    public void Add(RedactionCounts others)
    {
        foreach (var (kind, count) in others._counts ?? [])
            Add(kind, count);
    }

    /// <summary>All there are, in the order of the kinds; null for none.</summary>
    /// <param name="before">What had been taken out earlier.</param>
    public IReadOnlyDictionary<string, int>? Total(IReadOnlyDictionary<string, int>? before = null)
    {
        if (_counts is null)
            return before;

        var total = new SortedDictionary<string, int>(_counts, StringComparer.Ordinal);
        foreach (var (kind, count) in before ?? new Dictionary<string, int>())
            total[kind] = total.GetValueOrDefault(kind) + count;
        return total;
    }
}
