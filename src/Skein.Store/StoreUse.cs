using System.IO.Enumeration;
using Skein.Core;
using Skein.Core.Files;

namespace Skein.Store;

/// <summary>How many bytes a home takes, by the lengths of its files: its kinds add up to all of them, and each file is of one kind.</summary>
/// <param name="Logs">Of sessions that are not in the trash, and what purges kept of origins for their forks.</param>
/// <param name="Trash">Logs of the sessions in the trash. What only they name goes with them, but is told among the blobs.</param>
/// <param name="Blobs">Each once, however many sessions name it.</param>
/// <param name="Checkpoints">Snapshots of files, of all workspaces together.</param>
/// <param name="Settings">Keys, trust, answers that were remembered.</param>
/// <param name="Other">The server's files and whatever else lies there.</param>
/// <param name="Sessions">By what they take, largest first. A fork has only its own events.</param>
/// <param name="Workspaces">The same by folder, without the trash.</param>
public sealed record StoreUse(
    long Logs, long Trash, long Blobs, long Checkpoints, long Catalog, long Settings, long Other, IReadOnlyList<SessionUse> Sessions, IReadOnlyList<WorkspaceUse> Workspaces)
{
    public long Total => Logs + Trash + Blobs + Checkpoints + Catalog + Settings + Other;

    private const int MostOfUnknown = 1 << 20;

    /// <summary>
    /// Looks at the files, and at nothing in them but the catalog's rows, what logs have had since, as those in use, and the beginnings of the logs it
    /// has no row of; with <paramref name="readLogs"/> also at which blobs each log names.
    /// </summary>
    /// <param name="isSettings">Whether a name at the top of the home is of the settings.</param>
    public static StoreUse Of(string home, Func<string, bool> isSettings, bool readLogs, CancellationToken cancellationToken)
    {
        var rows = Rows(Path.Combine(home, "catalog", "catalog.jsonl"));
        var (logs, origins) = (new Dictionary<SessionId, long>(), 0L);
        var blobs = new Dictionary<string, long>(StringComparer.Ordinal);
        var (checkpoints, catalog, settings, other, unnamed) = (0L, 0L, 0L, 0L, 0L);
        foreach (var (path, bytes) in Directory.Exists(home) ? (IEnumerable<(string, long)>)Files(home) : [])
        {
            var (top, name) = (Path.GetRelativePath(home, path).Split(Path.DirectorySeparatorChar)[0], Path.GetFileName(path));
            if (top == "sessions" && SessionOf(name) is { } session)
                logs[session] = logs.GetValueOrDefault(session) + bytes;
            else if (top == "sessions")
                origins += bytes;
            else if (top == "blobs" && name.Length == BlobNames.Length)
                blobs[name] = bytes;
            else if (top == "blobs")
                unnamed += bytes;
            else if (top == IFileCheckpoints.Folder)
                checkpoints += bytes;
            else if (top == "catalog")
                catalog += bytes;
            else if (isSettings(top))
                settings += bytes;
            else
                other += bytes;
        }

        var content = new ContentUse(home, blobs);
        var sessions = logs.Select(log =>
        {
            var row = RowOf(home, log.Key, rows.GetValueOrDefault(log.Key));
            return new SessionUse(log.Key, row?.Title ?? "", row?.Workspace, row?.TrashedAt is not null, log.Value, readLogs ? content.Of(log.Key, row, cancellationToken) : null);
        }).OrderByDescending(s => s.Bytes + (s.Blobs ?? 0)).ThenBy(s => s.Session.Value, StringComparer.Ordinal).ToList();

        var workspaces = sessions.Where(s => !s.IsTrashed).GroupBy(s => s.Workspace)
            .Select(group => new WorkspaceUse(group.Key, group.Count(), group.Sum(s => s.Bytes), readLogs ? content.OfWorkspace(group.Key) : null))
            .OrderByDescending(w => w.Bytes + (w.Blobs ?? 0)).ThenBy(w => w.Workspace, StringComparer.Ordinal);

        var trash = sessions.Where(s => s.IsTrashed).Sum(s => s.Bytes);
        return new StoreUse(logs.Values.Sum() - trash + origins, trash, blobs.Values.Sum() + unnamed, checkpoints, catalog, settings, other, sessions, [.. workspaces]);
    }

    // A log's torn end, kept aside, is the session's too.
    private static SessionId? SessionOf(string file) =>
        file.IndexOf(SessionLog.Extension, StringComparison.Ordinal) is var end and > 0 && SessionId.TryParse(file[..end], out var session) ? session : null;

    // Lengths as they are when the folder is read: a file may go meanwhile.
    private static FileSystemEnumerable<(string Path, long Bytes)> Files(string home) =>
        new FileSystemEnumerable<(string, long)>(
            home,
            (ref FileSystemEntry f) => (f.ToFullPath(), f.Length),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = (ref FileSystemEntry f) => !f.IsDirectory,
        };

    // The catalog is behind the logs that are in use. One that it has nothing of is not read to its end: its title is the first one it had.
    private static Session? RowOf(string home, SessionId session, LogState? known)
    {
        var log = new SessionLog(session, home, new LogState(0, 0, null));
        try
        {
            var plain = new FileInfo(log.PlainPath);
            log.IsPacked = !plain.Exists;
            if (known is not null && (log.IsPacked || plain.Length == known.End))
                return known.Row;

            using var file = log.Open(new Disk());
            return known?.End < file.Length
                ? LogFold.Fold(file, log, file.Length, known).Row
                : LogFold.Fold(file, log, Math.Min(file.Length, MostOfUnknown), from: null).Row;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            // skein doctor tells why.
            return known?.Row;
        }
    }

    // A cache: what of it cannot be read has no title here, and that is all.
    private static Dictionary<SessionId, LogState> Rows(string path)
    {
        var rows = new Dictionary<SessionId, LogState>();
        if (!File.Exists(path))
            return rows;

        using var file = PlainFile.Open(new Disk(), path);
        foreach (var (line, place) in new CatalogReader(file).Read())
        {
            if (line.Row is { State: { Keys.Id: var session } state } && place.ReadRow(file) is { } row)
                rows[session] = state with { Row = row };
        }

        return rows;
    }
}

/// <param name="Workspace">Null where the catalog does not know.</param>
/// <param name="Bytes">Of its log.</param>
/// <param name="Blobs">Of the blobs its log names, also where others name them; null: not looked for.</param>
public sealed record SessionUse(SessionId Session, string Title, string? Workspace, bool IsTrashed, long Bytes, long? Blobs);

/// <param name="Bytes">Of its sessions' logs.</param>
/// <param name="Blobs">Of the blobs they name, each once; null: not looked for.</param>
public sealed record WorkspaceUse(string? Workspace, int Sessions, long Bytes, long? Blobs);
