using Skein.Core;

namespace Skein.Store;

/// <summary>
/// Deletes a session's log for good. What forks read of it is kept beside it first, under another name: until the log's own name is
/// gone the session is whole, from then on it is purged.
/// </summary>
internal sealed class LogPurge(string root, LogFolder logs, LogParts parts)
{
    private readonly Disk _disk = parts.Disk;

    /// <inheritdoc cref="ISessionStore.PurgeAsync"/>
    public async Task PurgeAsync(SessionLog log, CancellationToken cancellationToken)
    {
        await logs.LookAsync(log, cancellationToken);
        await logs.Forking.WaitAsync(cancellationToken);
        try
        {
            await log.Ownership.WaitAsync(cancellationToken);
            try
            {
                RequireTrashed(log);
                if (log.Writer is { } writer)
                    await writer.RetireAsync(fenced: true);

                // What was being appended may have restored it.
                RequireTrashed(log);
                await parts.Threads.RunAsync(() => Delete(log));
            }
            finally
            {
                log.Ownership.Release();
            }
        }
        finally
        {
            logs.Forking.Release();
        }
    }

    private void RequireTrashed(SessionLog log)
    {
        if (log.IsGone)
            throw new SessionNotFoundException(log.Id);
        if (log.State.Keys is not { } keys)
            throw new DamagedException(log.State.Fault!);
        if (!keys.IsTrashed)
            throw new ConflictException($"Session {log.Id} is not in the trash: only what is there can be purged.");
        if (keys.IsLive)
            throw new ConflictException($"Session {log.Id} has turn {logs.FindRow(log.Id)?.Turn}, which has not ended: interrupt it first.");
    }

    private bool Delete(SessionLog log)
    {
        var needed = ForkReferences.Of(logs.All.Where(l => l != log)).Needed(log.Id);
        SessionLog? origin = null;
        try
        {
            // Or a fork that was purged could come back, and find nothing of this one; or this one, from what a crash left beside it.
            if (log.HasOtherFile)
            {
                _disk.Delete(log.OtherPath);
                parts.Deletions.Expect(Path.GetDirectoryName(log.Path)!);
            }

            parts.Deletions.Confirm();
            if (needed > 0)
                logs.Origins[log.Id] = origin = Keep(log, needed);
            log.IsGone = true;
            _disk.Delete(log.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            log.IsGone = false;
            Undo(log);
            throw new StoreStoppedException($"Session {log.Id} could not be purged and is still in the trash: {e.Message}", e);
        }

        logs.Remove(log);
        log.Writer = null;
        parts.Catalog.Forget(log);
        log.Close(() => new SessionNotFoundException(log.Id));
        Settle(log);
        return true;
    }

    private SessionLog Keep(SessionLog log, long needed)
    {
        var origin = new SessionLog(log.Id, root, new LogState(0, 0, null), SessionLog.OriginExtension);
        var fresh = origin.Path + NewLog.Suffix;
        _disk.Delete(fresh);
        using (var from = log.Open(_disk))
        using (var to = _disk.Create(fresh))
        {
            from.CopyTo(_disk, to, EndOf(from, log, needed));

            // Whatever the store was opened for: what it stands in for may be on the disk.
            _disk.Flush(to);
        }

        _disk.Rename(fresh, origin.Path);
        _disk.FlushFolder(Path.GetDirectoryName(origin.Path)!);
        return origin;
    }

    // A batch is not cut: to a reader half of one at the end would be an append that never finished.
    private static long EndOf(LogFile file, SessionLog log, long needed)
    {
        if (needed >= log.State.Seq)
            return log.State.End;

        using var lines = new LineReader(file, 0, log.State.End);
        while (lines.TryRead(out var line))
        {
            if (LogLine.TryOpen(line, out var seq, out var more) && seq >= needed && !more)
                return lines.Position;
        }

        return log.State.End;
    }

    // What is left of the attempt says nothing new, and the next start deletes it; but it need not wait for that.
    private void Undo(SessionLog log)
    {
        logs.Origins.TryRemove(log.Id, out _);
        var origin = Path.Combine(root, SessionLog.NameOf(log.Id, SessionLog.OriginExtension));
        try
        {
            _disk.Delete(origin + NewLog.Suffix);
            _disk.Delete(origin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk fails already, which is what is told.
        }
    }

    private void Settle(SessionLog log)
    {
        try
        {
            var folder = Path.GetDirectoryName(log.Path)!;
            parts.Deletions.Expect(folder);
            foreach (var aside in Directory.EnumerateFiles(folder, Path.GetFileName(log.PlainPath) + ".*"))
                _disk.Delete(aside);
            parts.Deletions.Confirm();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreStoppedException($"Session {log.Id} was purged, but the disk did not confirm it, so that it may be in the trash again after a power loss: {e.Message}", e);
        }
    }
}
