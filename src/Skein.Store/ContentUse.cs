using Skein.Core;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>Which blobs the logs of a home name, and how many bytes that is.</summary>
/// <param name="blobs">The lengths of all there are.</param>
internal sealed class ContentUse(string home, IReadOnlyDictionary<string, long> blobs)
{
    private readonly Disk _disk = new();
    private readonly Dictionary<string, HashSet<string>> _ofWorkspace = new(StringComparer.Ordinal);

    /// <summary>Reads a session's log.</summary>
    public long Of(SessionId session, Session? row, CancellationToken cancellationToken)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var (plain, packed) = (Path.Combine(home, SessionLog.NameOf(session)), Path.Combine(home, SessionLog.NameOf(session, SessionLog.PackedExtension)));
            using LogFile file = File.Exists(plain) ? PlainFile.Open(_disk, plain) : PackedFile.Open(_disk, packed);
            using var lines = new LineReader(file, 0, file.Length, chunk: 1 << 20);
            while (lines.TryRead(out var line))
            {
                cancellationToken.ThrowIfCancellationRequested();
                BlobNames.ForEach(line, name => named.Add(name.ToString()));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            // What cannot be read names nothing here; skein doctor tells why.
        }

        named.IntersectWith(blobs.Keys);
        if (row is { TrashedAt: null })
        {
            _ofWorkspace.TryAdd(row.Workspace, []);
            _ofWorkspace[row.Workspace].UnionWith(named);
        }

        return named.Sum(name => blobs[name]);
    }

    /// <summary>Of the sessions that were read until now.</summary>
    public long OfWorkspace(string? workspace) =>
        workspace is not null && _ofWorkspace.TryGetValue(workspace, out var named) ? named.Sum(name => blobs[name]) : 0;
}
