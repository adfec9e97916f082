using System.Collections.Concurrent;
using Skein.Sandbox;

namespace Skein.Agent.Definitions;

/// <summary>What files define: read again when one changed, so that a turn costs no more than a look. Safe for use by many threads.</summary>
/// <param name="read">Reads a file; throws a <see cref="DefinitionException"/> where it breaks a rule.</param>
internal sealed class DefinitionCache<T>(Func<string, T> read) where T : class
{
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>The first of each name counts.</summary>
    /// <returns>By name, and files that break a rule.</returns>
    public (IReadOnlyList<T> Defined, IReadOnlyList<DefinitionException> Problems) ReadAll(IEnumerable<string> files, Func<T, string> name)
    {
        var (defined, problems) = (new SortedDictionary<string, T>(StringComparer.Ordinal), new List<DefinitionException>());
        foreach (var known in files.Select(Look))
        {
            if (known.Value is { } value)
                defined.TryAdd(name(value), value);
            else
                problems.Add(known.Problem!);
        }

        return ([.. defined.Values], problems);
    }

    private Known Look(string path)
    {
        var file = RealPath.FileAt(path);
        var stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (_known.TryGetValue(path, out var known) && known.Stamp == stamp)
            return known;

        try
        {
            known = new Known(stamp, read(path), null);
        }
        catch (DefinitionException e)
        {
            known = new Known(stamp, null, e);
        }

        return _known[path] = known;
    }

    private sealed record Known((DateTime Written, long Length) Stamp, T? Value, DefinitionException? Problem);
}
