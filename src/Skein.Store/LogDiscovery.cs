using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>
/// Finds the files of logs at a start, on all cores, and compares them with what the catalog knows; what a crash left beside them is deleted.
/// </summary>
internal sealed class LogDiscovery(string root, LogParts parts, LogTable logs)
{
    private readonly string _sessions = Path.Combine(root, "sessions");
    private readonly ConcurrentQueue<string> _packed = new();
    private readonly ConcurrentQueue<SessionLog> _stale = new();
    private readonly List<SessionLog> _doubled = [];
    private readonly ConcurrentQueue<DamagedFile> _misplaced = new();
    private readonly ConcurrentQueue<SessionId> _origins = new();

    /// <summary>Logs that the catalog does not know as they are: to be folded.</summary>
    public IEnumerable<SessionLog> Stale => _stale;

    /// <summary>Logs that a crash left both plain and compressed.</summary>
    public IReadOnlyList<SessionLog> Doubled => _doubled;

    public IEnumerable<DamagedFile> Misplaced => _misplaced.OrderBy(file => file.Path, StringComparer.Ordinal);

    /// <summary>What purges kept for forks.</summary>
    public IEnumerable<SessionId> Origins => _origins;

    public void Run(CancellationToken cancellationToken)
    {
        foreach (var folder in (IEnumerable<string>)[_sessions, .. Directory.EnumerateDirectories(_sessions)])
        {
            using var opened = Disk.OpenFolder(folder);
            try
            {
                Parallel.ForEach(Files(folder), new ParallelOptions { CancellationToken = cancellationToken }, file => Take(file, folder, opened));
            }
            catch (AggregateException e)
            {
                // One is told of: as the disk said it.
                ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }
        }

        foreach (var file in _packed)
            TakePacked(file);
        foreach (var gone in logs.All().Where(log => log.IsGone))
        {
            logs.Remove(gone);
            parts.Catalog.Drop(gone);
        }
    }

    private void Take(Seen file, string folder, SafeFileHandle? opened)
    {
        if (file.Known is { } log && IsMonthOf(log.Id, Path.GetFileName(folder.AsSpan())))
            Found(log, isPacked: false, folder, opened);
        else
            Take(Path.Combine(folder, file.Name ?? file.Known!.Id.Value + SessionLog.Extension));
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
            _packed.Enqueue(path);
        else
            Found(id, isPacked: false, path);
    }

    private void TakePacked(string path)
    {
        var id = SessionId.Parse(SessionLog.Split(path).Id);
        if (logs.Find(id) is { IsGone: false } log)
            _doubled.Add(log);
        else
            Found(id, isPacked: true, path);
    }

    private void Found(SessionId id, bool isPacked, string path)
    {
        if (logs.Find(id) is not { } log)
            logs.Add(log = new SessionLog(id, root, new LogState(0, 0, null)));
        Found(log, isPacked, Path.GetDirectoryName(path)!, opened: null);
    }

    private void Found(SessionLog log, bool isPacked, string folder, SafeFileHandle? opened)
    {
        (log.IsPacked, log.IsGone) = (isPacked, false);
        Span<char> name = stackalloc char[SessionLog.LongestFileName];
        name = name[..log.FileName(name)];
        (long Length, long Written) file;
        try
        {
            file = Disk.Measure(folder, name, opened);
        }
        catch (IOException)
        {
            // No file, or none that the disk tells of: whoever looks at it says so, and the others are served.
            _stale.Enqueue(log);
            return;
        }

        var (kept, end) = (log.Kept, log.State.End);
        var isCurrent = kept.IsOf(end, isPacked, file.Length, file.Written);
        var isPrefix = !isPacked && kept.Packed == 0 && end < file.Length;
        if (!kept.IsNowhere && !isCurrent && !isPrefix)
            log.Learn(new LogState(0, 0, null));

        if (!isCurrent)
            _stale.Enqueue(log);
    }

    private static bool IsMonthOf(SessionId session, ReadOnlySpan<char> folder)
    {
        Span<char> month = stackalloc char[folder.Length];
        return session.Time.UtcDateTime.TryFormat(month, out var length, SessionLog.Month, CultureInfo.InvariantCulture) && folder.SequenceEqual(month[..length]);
    }

    // The names of logs that the catalog knows are most of all: no text is made of them.
    private FileSystemEnumerable<Seen> Files(string folder) => new(
        folder,
        (ref FileSystemEntry f) => f.FileName is [.. var id, '.', 'j', 's', 'o', 'n', 'l'] && SessionId.TryParse(id, out var session) && logs.Find(session) is { } log ? new Seen(log, null) : new Seen(null, f.FileName.ToString()),
        new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
    {
        // A folder of that name is in the place of a log.
        ShouldIncludePredicate = (ref FileSystemEntry f) =>
            f.FileName.EndsWith(SessionLog.Extension, StringComparison.Ordinal)
            || f.FileName.EndsWith(SessionLog.PackedExtension, StringComparison.Ordinal)
            || f.FileName.EndsWith(SessionLog.OriginExtension, StringComparison.Ordinal)
            || (f.FileName.EndsWith(NewLog.Suffix, StringComparison.Ordinal) && !f.IsDirectory),
    };

    /// <summary>A file: the log that it is by its name, or the name.</summary>
    private readonly record struct Seen(SessionLog? Known, string? Name);
}
