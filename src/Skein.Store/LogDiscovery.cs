using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.ExceptionServices;
using Skein.Core;

namespace Skein.Store;

/// <summary>
/// Finds the files of logs at a start, on all cores, and compares them with what the catalog knows; what a crash left beside them is deleted.
/// </summary>
internal sealed class LogDiscovery(string root, LogParts parts, LogTable logs)
{
    private readonly ConcurrentQueue<FileInfo> _packed = new();
    private readonly ConcurrentQueue<SessionLog> _stale = new();
    private readonly ConcurrentQueue<DamagedFile> _misplaced = new();
    private readonly ConcurrentQueue<SessionId> _origins = new();

    /// <summary>Logs that the catalog does not know as they are: to be folded.</summary>
    public IEnumerable<SessionLog> Stale => _stale;

    public IEnumerable<DamagedFile> Misplaced => _misplaced.OrderBy(file => file.Path, StringComparer.Ordinal);

    /// <summary>What purges kept for forks.</summary>
    public IEnumerable<SessionId> Origins => _origins;

    public void Run(CancellationToken cancellationToken)
    {
        // In the catalog's order, in which the rows lie in memory. Until its file is found a log counts as gone.
        var known = parts.Catalog.States;
        logs.Reserve(known.Count);
        foreach (var state in known)
            logs.Add(new SessionLog(state.Keys!.Id, root, state) { IsGone = true });

        try
        {
            Parallel.ForEach(Files(), new ParallelOptions { CancellationToken = cancellationToken }, Take);
        }
        catch (AggregateException e)
        {
            // One is told of: as the disk said it.
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        foreach (var file in _packed)
            TakePacked(file);
        foreach (var gone in logs.All().Where(log => log.IsGone))
        {
            logs.Remove(gone);
            parts.Catalog.Drop(gone.Id);
        }

        parts.Catalog.Compared();
    }

    private void Take(string path)
    {
        if (path.EndsWith(NewLog.Suffix, StringComparison.Ordinal))
        {
            parts.Disk.Delete(path);
            return;
        }

        var (name, extension) = SessionLog.Split(path);
        if (!SessionId.TryParse(name, out var id) || !IsMonthOf(id, Path.GetFileName(Path.GetDirectoryName(path.AsSpan()))))
            _misplaced.Enqueue(new DamagedFile(path, "No log has this name here: month and name follow from the session's id."));
        else if (extension == SessionLog.OriginExtension)
            _origins.Enqueue(id);
        else if (extension == SessionLog.PackedExtension)
            _packed.Enqueue(new FileInfo(path));
        else
            Found(id, isPacked: false, new FileInfo(path));
    }

    private void TakePacked(FileInfo file)
    {
        var id = SessionId.Parse(SessionLog.Split(file.Name).Id);
        if (logs.Find(id) is not { IsGone: false })
        {
            Found(id, isPacked: true, file);
            return;
        }

        // A crash came between the one file and the other: the plain one is whole, and may be newer.
        parts.Disk.Delete(file.FullName);
        parts.Deletions.Expect(file.DirectoryName!);
    }

    private void Found(SessionId id, bool isPacked, FileInfo file)
    {
        var (length, written) = (file.Length, file.LastWriteTimeUtc.Ticks);
        var row = parts.Catalog.Find(id);
        var isCurrent = row is { } kept && kept.IsOf(isPacked, length, written);
        var isPrefix = !isPacked && row is { Packed: null } before && before.State.End < length;
        var log = logs.Find(id);
        if (log is null)
            logs.Add(log = new SessionLog(id, root, new LogState(0, 0, null)));
        else if (!isCurrent && !isPrefix)
            log.Learn(new LogState(0, 0, null));

        (log.IsPacked, log.IsGone) = (isPacked, false);
        if (!isCurrent)
            _stale.Enqueue(log);
    }

    private static bool IsMonthOf(SessionId session, ReadOnlySpan<char> folder)
    {
        Span<char> month = stackalloc char[folder.Length];
        return session.Time.UtcDateTime.TryFormat(month, out var length, SessionLog.Month, CultureInfo.InvariantCulture) && folder.SequenceEqual(month[..length]);
    }

    private FileSystemEnumerable<string> Files() => new(
        Path.Combine(root, "sessions"),
        (ref FileSystemEntry f) => f.ToFullPath(),
        new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = 0, IgnoreInaccessible = false })
    {
        ShouldIncludePredicate = (ref FileSystemEntry f) => !f.IsDirectory
            && (f.FileName.EndsWith(SessionLog.Extension, StringComparison.Ordinal)
                || f.FileName.EndsWith(SessionLog.PackedExtension, StringComparison.Ordinal)
                || f.FileName.EndsWith(SessionLog.OriginExtension, StringComparison.Ordinal)
                || f.FileName.EndsWith(NewLog.Suffix, StringComparison.Ordinal)),
    };
}
