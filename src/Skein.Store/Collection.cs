using Skein.Core;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>Finds what nothing needs any more, and deletes it. Nobody purges meanwhile: what was named when it began stays named.</summary>
internal sealed class Collection(string root, LogFolder logs, LogParts parts, BlobFolder blobs, LogPacking packing)
{
    /// <summary>How long content may wait for the event that names it.</summary>
    private static readonly TimeSpan s_blobPatience = TimeSpan.FromHours(1);

    /// <summary>How long bytes that were cut from a log are kept for people to look at.</summary>
    private static readonly TimeSpan s_tornPatience = TimeSpan.FromDays(30);

    private readonly List<string> _problems = [];

    public async Task<Collected> RunAsync(CancellationToken cancellationToken)
    {
        var isConfirmed = TryConfirmDeletions();
        var origins = isConfirmed ? await CollectOriginsAsync(cancellationToken) : Reclaimed.Nothing;
        var leftovers = CollectLeftovers(cancellationToken);
        var compressed = await packing.RunAsync(_problems, cancellationToken);
        var named = isConfirmed ? CollectBlobs(cancellationToken) : Reclaimed.Nothing;
        parts.Catalog.Compact();
        return new Collected(named, origins, leftovers, compressed, _problems);
    }

    /// <summary>Whether a file among the sessions is one that the store makes.</summary>
    public static bool IsKnown(string name) =>
        name.EndsWith(SessionLog.Extension, StringComparison.Ordinal)
        || name.EndsWith(SessionLog.OriginExtension, StringComparison.Ordinal)
        || name.EndsWith(SessionLog.PackedExtension, StringComparison.Ordinal)
        || name.EndsWith(NewLog.Suffix, StringComparison.Ordinal)
        || IsAside(name);

    // A session that may come back after a power loss still needs its blobs and its origin.
    private bool TryConfirmDeletions()
    {
        try
        {
            parts.Deletions.Confirm();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"No blob and nothing kept for forks was deleted: the disk does not confirm that a session was purged, which may need it: {e.Message}");
            return false;
        }
    }

    private async Task<Reclaimed> CollectOriginsAsync(CancellationToken cancellationToken)
    {
        var reclaimed = Reclaimed.Nothing;
        await logs.Forking.WaitAsync(cancellationToken);
        try
        {
            var references = ForkReferences.Of(logs.All);
            foreach (var origin in logs.Origins.Values.Where(o => !references.UpTo.ContainsKey(o.Id)))
            {
                if (references.Unknown is [var unknown, ..])
                {
                    _problems.Add($"{origin.Name} was kept: {unknown} cannot be read, and may be a fork that needs it.");
                    continue;
                }

                var size = new FileInfo(origin.Path) is { Exists: true } file ? file.Length : 0;
                if (!TryDelete(origin.Path))
                    continue;
                origin.IsGone = true;
                logs.Origins.TryRemove(origin.Id, out _);
                reclaimed = reclaimed.And(size);
            }
        }
        finally
        {
            logs.Forking.Release();
        }

        return reclaimed;
    }

    private Reclaimed CollectLeftovers(CancellationToken cancellationToken)
    {
        var reclaimed = Reclaimed.Nothing;
        foreach (var file in Files(Path.Combine(root, "sessions"), $"*{SessionLog.Extension}.*").Where(f => IsAside(f.Name)))
        {
            cancellationToken.ThrowIfCancellationRequested();

            // What was never acknowledged is kept for a while, what was for as long as the session.
            var isOld = IsTorn(file.Name) && file.LastWriteTimeUtc < (parts.Time.GetUtcNow() - s_tornPatience).UtcDateTime;
            var isOwned = SessionId.TryParse(SessionLog.Split(file.Name).Id, out var session) && logs.Find(session) is not null;
            var size = file.Length;
            if ((isOld || !isOwned) && TryDelete(file.FullName))
                reclaimed = reclaimed.And(size);
        }

        return reclaimed;
    }

    private Reclaimed CollectBlobs(CancellationToken cancellationToken)
    {
        var before = (parts.Time.GetUtcNow() - s_blobPatience).UtcDateTime;
        var unnamed = blobs.FindOlder(before);
        if (unnamed.Count == 0 || !TryRemoveNamed(unnamed, cancellationToken))
            return Reclaimed.Nothing;

        var reclaimed = Reclaimed.Nothing;
        foreach (var (sha256, size) in unnamed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (blobs.DeleteIfOlder(sha256, before))
                    reclaimed = reclaimed.And(size);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _problems.Add($"Blob {sha256} could not be deleted: {e.Message}");
            }
        }

        return reclaimed;
    }

    /// <returns>False where something cannot be read that may name blobs: then none is deleted.</returns>
    private bool TryRemoveNamed(Dictionary<string, long> unnamed, CancellationToken cancellationToken)
    {
        var names = unnamed.GetAlternateLookup<ReadOnlySpan<char>>();
        var unread = Files(Path.Combine(root, "sessions"), "*").Where(f => !IsKnown(f.Name)).Select(f => Path.GetRelativePath(root, f.FullName))
            .Concat(logs.Misplaced.Select(m => Path.GetRelativePath(root, m.Path)))
            .FirstOrDefault();
        unread ??= logs.All.Concat(logs.Origins.Values).FirstOrDefault(log => !TryRead(log, names, cancellationToken))?.Name;
        if (unread is not null)
            _problems.Add($"No blob was deleted: {unread} cannot be read as a whole, and may name any.");
        return unread is null;
    }

    private bool TryRead(SessionLog log, Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> names, CancellationToken cancellationToken)
    {
        if (log.State.Fault is not null)
            return false;

        try
        {
            // Before it is opened: what is appended from now on may be in another file.
            var known = log.State.End;
            using var file = log.Open(parts.Disk);
            var end = file.Length;
            using var lines = new LineReader(file, 0, end, chunk: 1 << 20);
            var gaps = new GapTracker(log.Name, GapTracker.Unknown);
            var (isWhole, committed) = (true, known > 0 ? known : end);
            while (lines.TryRead(out var line))
            {
                cancellationToken.ThrowIfCancellationRequested();
                BlobNames.ForEach(line, name => names.Remove(name));
                if (lines.Offset < committed)
                    isWhole = isWhole && LogLine.TryOpen(line, out var seq, out _) && gaps.Fits(seq) && gaps.OnLine(seq, lines.Offset) is null;
            }

            // What is being appended, or was not finished, is not damaged.
            BlobNames.ForEach(lines.Rest, name => names.Remove(name));
            return isWhole && end >= known;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            return false;
        }
    }

    private static bool IsAside(string name) =>
        IsTorn(name) || name.Contains(SessionLog.PackedExtension + LogPacking.DamagedMark, StringComparison.Ordinal);

    private static bool IsTorn(string name) => name.Contains(SessionLog.Extension + LogRepair.TornMark, StringComparison.Ordinal);

    private bool TryDelete(string path)
    {
        try
        {
            parts.Disk.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{Path.GetRelativePath(root, path)} could not be deleted: {e.Message}");
            return false;
        }
    }

    private static IEnumerable<FileInfo> Files(string folder, string pattern) =>
        new DirectoryInfo(folder).EnumerateFiles(pattern, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
}
