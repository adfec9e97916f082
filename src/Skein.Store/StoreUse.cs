using Skein.Core;

namespace Skein.Store;

/// <summary>How many bytes a home takes.</summary>
/// <param name="Blobs">Each once, however many sessions name it.</param>
/// <param name="Other">The server's files, keys, trust and whatever else lies there.</param>
/// <param name="Sessions">By the bytes of their logs, largest first. A fork has only its own events.</param>
public sealed record StoreUse(long Logs, long Blobs, long Catalog, long Other, IReadOnlyList<SessionUse> Sessions)
{
    public long Total => Logs + Blobs + Catalog + Other;

    /// <summary>Looks at the files, and at nothing in them but the catalog's titles.</summary>
    public static StoreUse Of(string home)
    {
        var (logs, blobs, catalog, other) = (0L, 0L, 0L, 0L);
        var sessions = new List<SessionUse>();
        var titles = Titles(Path.Combine(home, "catalog", "catalog.jsonl"));
        var all = new DirectoryInfo(home) is { Exists: true } folder
            ? folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            : [];
        foreach (var file in all)
        {
            switch (Path.GetRelativePath(home, file.FullName).Split(Path.DirectorySeparatorChar)[0])
            {
                case "sessions":
                    logs += file.Length;
                    if (SessionLog.Split(file.Name) is var (name, extension) && extension is SessionLog.Extension or SessionLog.PackedExtension && SessionId.TryParse(name, out var id))
                        sessions.Add(new SessionUse(id, titles.GetValueOrDefault(id, ""), file.Length));
                    break;
                case "blobs":
                    blobs += file.Length;
                    break;
                case "catalog":
                    catalog += file.Length;
                    break;
                default:
                    other += file.Length;
                    break;
            }
        }

        return new StoreUse(logs, blobs, catalog, other, [.. sessions.OrderByDescending(s => s.Bytes).ThenBy(s => s.Session.Value, StringComparer.Ordinal)]);
    }

    // A cache: what of it cannot be read has no title here, and that is all.
    private static Dictionary<SessionId, string> Titles(string path)
    {
        var titles = new Dictionary<SessionId, string>();
        if (!File.Exists(path))
            return titles;

        using var file = PlainFile.Open(new Disk(), path);
        using var lines = new LineReader(file, 0, file.Length);
        while (lines.TryRead(out var line))
        {
            if (LogLine.IsSealed(line) && CatalogLine.Read(line).Row is { } row)
                titles[row.Row.Id] = row.Row.Title;
        }

        return titles;
    }
}

/// <param name="Bytes">Of its log.</param>
public sealed record SessionUse(SessionId Session, string Title, long Bytes);
