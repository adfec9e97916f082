using System.Security.Cryptography;
using Skein.Core;

namespace Skein.Store;

/// <summary>What a look at a whole store found.</summary>
/// <param name="Events">Those that stand in the logs; inherited ones are counted where they stand.</param>
/// <param name="LogBytes">Of the logs, and of what purges kept for forks.</param>
/// <param name="Findings">What is worth telling, the worst not first.</param>
public sealed record StoreReport(int Sessions, long Events, long LogBytes, int Blobs, long BlobBytes, IReadOnlyList<StoreFinding> Findings);

/// <param name="Place">The file, relative to the home.</param>
/// <param name="What">One sentence.</param>
/// <param name="IsLoss">Something that was acknowledged cannot be read; else it mends itself.</param>
/// <param name="Session">The session that does something about it when it is taken over: mends it, or tells of it in its log.</param>
/// <param name="IsOpenTurn">It is as it should while a server runs the turn.</param>
public sealed record StoreFinding(string Place, string What, bool IsLoss, SessionId? Session = null, bool IsOpenTurn = false);

/// <summary>
/// Looks at every line of every log, and at every byte of every blob. It only reads and takes no lock, so that it may look at a store
/// that a server has: what that one appends meanwhile is looked at or not.
/// </summary>
public static class StoreCheck
{
    /// <param name="home">The store's folder; one that is not there is an empty store.</param>
    /// <param name="progress">Is told the bytes that were read, and of how many.</param>
    public static StoreReport Run(string home, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var look = new Look(Path.GetFullPath(home), progress);
        look.Places();
        look.Logs(cancellationToken);
        look.Inheritance();
        look.Blobs(cancellationToken);
        look.Leftovers();
        look.Catalog();
        return look.Report();
    }

    private sealed class Look(string home, Action<long, long>? progress)
    {
        private static readonly string[] s_forms = [SessionLog.Extension, SessionLog.PackedExtension, SessionLog.OriginExtension];

        private readonly Disk _disk = new();
        private readonly List<StoreFinding> _findings = [];
        private readonly Dictionary<string, (long Size, List<(string Log, SessionId? Session)> By)> _named = new(StringComparer.Ordinal);
        private readonly Dictionary<SessionId, LogLook> _logs = [];
        private readonly Dictionary<SessionId, LogLook> _origins = [];
        private readonly long _total = Files(home, "sessions").Concat(Files(home, "blobs")).Sum(f => f.Length);
        private long _read;
        private int _sessions;
        private int _blobs;
        private long _blobBytes;

        public StoreReport Report() => new(
            _sessions, _logs.Values.Concat(_origins.Values).Sum(l => l.Events), _logs.Values.Concat(_origins.Values).Sum(l => l.Bytes), _blobs, _blobBytes, _findings);

        public void Places()
        {
            foreach (var folder in (string[])["sessions", "blobs", "catalog"])
            {
                if (File.Exists(Path.Combine(home, folder)))
                    _findings.Add(new StoreFinding(folder, "is no folder: no server can start.", IsLoss: true));
            }

            if (Directory.Exists(Path.Combine(home, Home.LockName)))
                _findings.Add(new StoreFinding(Home.LockName, "is no file: no server can start.", IsLoss: true));
        }

        public void Logs(CancellationToken cancellationToken)
        {
            foreach (var folder in Folders("sessions").Where(f => s_forms.Contains(SessionLog.Split(f.Name).Extension)))
                _findings.Add(new StoreFinding(NameOf(folder), "is a folder in the place of a log.", IsLoss: true));
            var files = Files("sessions").OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
            var listed = files.Select(f => f.FullName).ToHashSet(StringComparer.Ordinal);
            foreach (var file in files)
            {
                var (name, extension) = SessionLog.Split(file.Name);
                if (!Collection.IsKnown(file.Name))
                    Tell(file, "is nothing that Skein makes: no content is given back as long as it is there, since it may name any", isLoss: false);
                if (!s_forms.Contains(extension))
                    continue;

                if (!SessionId.TryParse(name, out var id) || Path.GetFullPath(Path.Combine(home, SessionLog.NameOf(id, extension))) != file.FullName)
                {
                    Tell(file, "is no log by its name and folder, which follow from a session's id: it is passed over", isLoss: true);
                    continue;
                }

                if (extension == SessionLog.PackedExtension && _logs.TryGetValue(id, out var plain) && plain.Seq > 0)
                {
                    Tell(file, "was left beside the log that counts: the next start or collection deletes it", isLoss: false);
                    continue;
                }

                if (extension == SessionLog.PackedExtension && listed.Contains(Path.GetFullPath(Path.Combine(home, SessionLog.NameOf(id)))))
                    Tell(file, $"stands beside {SessionLog.NameOf(id)}, of which nothing can be read: where that one is taken away, this one counts", isLoss: false);

                var length = file.Length;
                Log(file, id, listed, cancellationToken);
                progress?.Invoke(_read += length, _total);
            }
        }

        /// <param name="listed">The files that are looked at by themselves.</param>
        private void Log(FileInfo file, SessionId id, HashSet<string> listed, CancellationToken cancellationToken)
        {
            var isOrigin = SessionLog.Split(file.Name).Extension == SessionLog.OriginExtension;
            try
            {
                var look = new LogCheck(_disk, NameOf(file), id).Run(file.FullName, isOrigin, cancellationToken);
                (isOrigin ? _origins : _logs)[id] = look;
                _findings.AddRange(look.Findings);
                foreach (var blob in look.Blobs.DistinctBy(b => b.Sha256))
                {
                    _named.TryAdd(blob.Sha256, (blob.Size, []));
                    _named[blob.Sha256].By.Add((NameOf(file), isOrigin ? null : id));
                }
            }
            catch (FileNotFoundException) when (file.LinkTarget is null)
            {
                // The server compressed, unpacked or purged it since the files were listed.
                var form = s_forms.Select(extension => new FileInfo(Path.Combine(home, SessionLog.NameOf(id, extension)))).FirstOrDefault(f => f.Exists && listed.Add(f.FullName));
                if (form is not null)
                    Log(form, id, listed, cancellationToken);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
            {
                Tell(file, $"cannot be read: {e.Message}", isLoss: true);
            }

            _sessions += isOrigin ? 0 : 1;
        }

        public void Inheritance()
        {
            var needed = new HashSet<SessionId>();
            foreach (var (fork, look) in _logs)
            {
                foreach (var segment in look.Inherits)
                {
                    needed.Add(segment.Session);
                    var held = _logs.GetValueOrDefault(segment.Session) ?? _origins.GetValueOrDefault(segment.Session);
                    if (held is null)
                        _findings.Add(new StoreFinding(SessionLog.NameOf(fork), $"inherits events of {segment.Session}, whose log is missing.", IsLoss: true));
                    else if (held.Seq < segment.UpTo)
                        _findings.Add(new StoreFinding(SessionLog.NameOf(fork), $"inherits the events up to {segment.UpTo} of {segment.Session}, whose log ends at {held.Seq}.", IsLoss: true));
                }
            }

            foreach (var origin in _origins.Keys)
            {
                if (_logs.ContainsKey(origin))
                    Tell(SessionLog.NameOf(origin, SessionLog.OriginExtension), "was left by a purge that did not come to its end: the next start deletes it");
                else if (!needed.Contains(origin))
                    Tell(SessionLog.NameOf(origin, SessionLog.OriginExtension), "was kept for forks that are gone: the next collection deletes it (skein gc)");
            }
        }

        public void Blobs(CancellationToken cancellationToken)
        {
            var found = new HashSet<string>(StringComparer.Ordinal);
            foreach (var file in Files("blobs").Where(f => !f.Name.StartsWith('.')))
            {
                cancellationToken.ThrowIfCancellationRequested();
                _blobs++;
                _blobBytes += file.Length;
                found.Add(file.Name);
                Blob(file);
                progress?.Invoke(_read += file.Length, _total);
            }

            foreach (var (sha256, (_, by)) in _named.Where(n => !found.Contains(n.Key)))
                _findings.AddRange(by.Select(b => new StoreFinding(b.Log, $"names blob {sha256}, which is missing.", IsLoss: true, b.Session)));
        }

        // Nobody needs what no event names: then it is no loss.
        private void Blob(FileInfo file)
        {
            var isNamed = _named.TryGetValue(file.Name, out var named);
            try
            {
                using var content = new FileStream(_disk.OpenRead(file.FullName), FileAccess.Read);
                if (Convert.ToHexStringLower(SHA256.HashData(content)) != file.Name)
                    Tell(file, $"has {file.Length} bytes{(isNamed && named.Size != file.Length ? $", not {named.Size}" : " that are not those it is named after")}: it is damaged", isNamed);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Tell(file, $"cannot be read: {e.Message}", isNamed);
            }
        }

        public void Leftovers()
        {
            foreach (var file in Files("sessions").Where(f => f.Extension == NewLog.Suffix).Concat(Files("blobs").Where(f => f.Name.StartsWith(BlobFolder.Incoming, StringComparison.Ordinal))))
                Tell(file, "is just being made, or was left by a process that died: then the next start deletes it", isLoss: false);
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

            try
            {
                var damaged = 0;
                using var catalog = PlainFile.Open(_disk, file.FullName);
                using var lines = new LineReader(catalog, 0, catalog.Length);
                while (lines.TryRead(out var line))
                    damaged += LogLine.IsSealed(line) ? 0 : 1;
                damaged += lines.Rest.IsEmpty ? 0 : 1;
                if (damaged > 0)
                    Tell(file, $"has {(damaged == 1 ? "a damaged line" : $"{damaged} damaged lines")}: the next server reads these sessions' logs instead", isLoss: false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
            {
                Tell(file, $"cannot be read: {e.Message}. The next server reads all logs, once", isLoss: false);
            }
        }

        private void Tell(FileInfo file, string what, bool isLoss) => _findings.Add(new StoreFinding(NameOf(file), what + ".", isLoss));

        private void Tell(string place, string what) => _findings.Add(new StoreFinding(place, what + ".", IsLoss: false));

        private string NameOf(FileSystemInfo file) => Path.GetRelativePath(home, file.FullName).Replace('\\', '/');

        private IEnumerable<FileInfo> Files(string below) => Files(home, below);

        private IEnumerable<DirectoryInfo> Folders(string below) => new DirectoryInfo(Path.Combine(home, below)) is { Exists: true } folder
            ? folder.EnumerateDirectories("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            : [];

        private static IEnumerable<FileInfo> Files(string home, string below) => new DirectoryInfo(Path.Combine(home, below)) is { Exists: true } folder
            ? folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            : [];
    }
}
