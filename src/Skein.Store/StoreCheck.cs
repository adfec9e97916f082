using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>What a look at a whole store found.</summary>
/// <param name="Events">Those that stand in the logs; inherited ones are counted where they stand.</param>
/// <param name="Findings">What is worth telling, the worst not first.</param>
public sealed record StoreReport(int Sessions, long Events, long LogBytes, int Blobs, long BlobBytes, IReadOnlyList<StoreFinding> Findings);

/// <param name="Place">The file, relative to the home.</param>
/// <param name="What">One sentence.</param>
/// <param name="IsLoss">Something that was acknowledged cannot be read; else it mends itself.</param>
public sealed record StoreFinding(string Place, string What, bool IsLoss);

/// <summary>
/// Looks at every line of every log, and at every blob that they name. It only reads and takes no lock, so that it may look at a store
/// that a server has: what that one appends meanwhile is looked at or not.
/// </summary>
public static class StoreCheck
{
    /// <param name="home">The store's folder; one that is not there is an empty store.</param>
    /// <param name="progress">Is told the bytes of logs that were read, and of how many.</param>
    public static StoreReport Run(string home, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var look = new Look(Path.GetFullPath(home), progress);
        look.Logs(cancellationToken);
        look.Blobs();
        look.Catalog();
        return look.Report();
    }

    private sealed class Look(string home, Action<long, long>? progress)
    {
        private readonly Disk _disk = new();
        private readonly List<StoreFinding> _findings = [];
        private readonly Dictionary<string, (long Size, string NamedBy)> _named = new(StringComparer.Ordinal);
        private int _sessions;
        private long _events;
        private long _logBytes;
        private int _blobs;
        private long _blobBytes;

        public StoreReport Report() => new(_sessions, _events, _logBytes, _blobs, _blobBytes, _findings);

        public void Logs(CancellationToken cancellationToken)
        {
            var files = Files("sessions").Where(f => f.Name.EndsWith(SessionLog.Extension, StringComparison.Ordinal)).OrderBy(f => f.Name, StringComparer.Ordinal).ToArray();
            var total = files.Sum(f => f.Length);
            foreach (var file in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!SessionId.TryParse(Path.GetFileNameWithoutExtension(file.Name), out var id) || Path.GetFullPath(Path.Combine(home, SessionLog.NameOf(id))) != file.FullName)
                {
                    Tell(file, "is no log by its name and folder, which follow from a session's id: it is passed over", isLoss: true);
                    continue;
                }

                _sessions++;
                try
                {
                    Log(file, id, cancellationToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
                {
                    Tell(file, $"cannot be read: {e.Message}", isLoss: true);
                }

                progress?.Invoke(_logBytes, total);
            }
        }

        private void Log(FileInfo file, SessionId id, CancellationToken cancellationToken)
        {
            using var handle = _disk.OpenRead(file.FullName);
            var length = RandomAccess.GetLength(handle);
            _logBytes += length;
            var tail = LogTail.Find(_disk, handle, file.FullName, length);
            ReadEvents(file, id, handle, tail.Committed, cancellationToken);
            if (tail.WholeUntil is not null)
                Tell(file, "ends in a whole line without its line end: the next to write completes it", isLoss: false);
            else if (tail.Committed < length)
                Tell(file, $"has a torn tail: {length - tail.Committed} bytes from byte {tail.Committed}, which were never acknowledged. The next to write cuts them off and keeps them aside", isLoss: false);
        }

        private void ReadEvents(FileInfo file, SessionId id, SafeFileHandle handle, long end, CancellationToken cancellationToken)
        {
            using var events = new EventReader(new LineReader(_disk, handle, file.FullName, 0, end), id, file.FullName, GapTracker.Unknown, after: 0);
            var isFirst = true;
            while (events.Next() is { } e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (e.Body is Gap gap)
                {
                    Tell(file, $"is damaged: {gap.Length} bytes from byte {gap.Offset}{(gap.To >= gap.From ? $", which were the events {gap.From} to {gap.To}" : "; no event was lost")}", isLoss: true);
                    isFirst = false;
                    continue;
                }

                _events++;
                if (isFirst && e.Body is not (SessionCreated or SessionForked))
                    Tell(file, $"begins with {e.Type}, not with session.created or session.forked", isLoss: true);
                if (e.Body is SessionForked forked)
                    Origins(file, forked);
                foreach (var blob in NamedBlobs.Of(e.Body))
                    _named.TryAdd(blob.Sha256, (blob.Size, NameOf(file)));
                isFirst = false;
            }

            if (isFirst)
                Tell(file, "has no whole event", isLoss: true);
        }

        private void Origins(FileInfo file, SessionForked forked)
        {
            foreach (var segment in forked.Segments)
            {
                if (!File.Exists(Path.Combine(home, SessionLog.NameOf(segment.Session))))
                    Tell(file, $"inherits events of {segment.Session}, whose log is missing", isLoss: true);
            }
        }

        public void Blobs()
        {
            var found = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var file in Files("blobs").Where(f => !f.Name.StartsWith('.')))
            {
                _blobs++;
                _blobBytes += file.Length;
                found[file.Name] = file.Length;
            }

            foreach (var (sha256, (size, by)) in _named)
            {
                if (!found.TryGetValue(sha256, out var length))
                    _findings.Add(new StoreFinding(by, $"names blob {sha256}, which is missing.", IsLoss: true));
                else if (length != size)
                    _findings.Add(new StoreFinding($"blobs/{sha256[..2]}/{sha256}", $"has {length} bytes, not {size}: it is damaged.", IsLoss: true));
            }
        }

        public void Catalog()
        {
            var file = new FileInfo(Path.Combine(home, "catalog", "catalog.jsonl"));
            if (!file.Exists)
            {
                if (_sessions > 0)
                    Tell(file, "is missing: the next server reads all logs, once", isLoss: false);
                return;
            }

            var damaged = 0;
            using var handle = _disk.OpenRead(file.FullName);
            using var lines = new LineReader(_disk, handle, file.FullName, 0, RandomAccess.GetLength(handle));
            while (lines.TryRead(out var line))
                damaged += LogLine.IsSealed(line) ? 0 : 1;
            if (damaged > 0)
                Tell(file, $"has {damaged} damaged lines: the next server reads these sessions' logs instead", isLoss: false);
        }

        private void Tell(FileInfo file, string what, bool isLoss) => _findings.Add(new StoreFinding(NameOf(file), what + ".", isLoss));

        private string NameOf(FileInfo file) => Path.GetRelativePath(home, file.FullName).Replace('\\', '/');

        private IEnumerable<FileInfo> Files(string below) => new DirectoryInfo(Path.Combine(home, below)) is { Exists: true } folder
            ? folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            : [];
    }
}
