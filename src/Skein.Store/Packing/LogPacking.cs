using Skein.Core;

namespace Skein.Store.Packing;

/// <summary>
/// Compresses logs that nobody has written for long, and unpacks one before it is written again. At every moment one whole file of the
/// log is on the disk under its name: the new one is flushed before the old one goes. Where a crash left both, the plain one counts.
/// </summary>
/// <param name="rules">Null compresses nothing.</param>
internal sealed class LogPacking(LogFolder logs, LogParts parts, PackingRules? rules)
{
    /// <summary>Behind the compressed log's name, then the first byte of the log that could not be unpacked: the file as it was found.</summary>
    public const string DamagedMark = ".damaged-";

    private readonly Disk _disk = parts.Disk;

    /// <summary>Compresses what rests, and deletes what attempts before left.</summary>
    /// <param name="problems">Is told what failed, and why.</param>
    /// <returns>How many were compressed, and the bytes saved.</returns>
    public async Task<Reclaimed> RunAsync(List<string> problems, CancellationToken cancellationToken)
    {
        var saved = Reclaimed.Nothing;
        foreach (var log in logs.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (log.HasOtherFile)
                    await DeleteOtherAsync(log, cancellationToken);
                if (Rests(log) && await PackAsync(log, cancellationToken) is { } bytes)
                    saved = saved.And(bytes);
            }
            catch (SessionNotFoundException)
            {
                // Purged meanwhile.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
            {
                problems.Add($"{log.Name} was not compressed: {e.Message}");
            }
        }

        return saved;
    }

    /// <summary>Makes the plain file of a compressed log again. For the holder of its ownership.</summary>
    /// <exception cref="IOException">The disk refused: the log is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">As with <see cref="IOException"/>.</exception>
    /// <exception cref="DamagedException">The disk does not answer, or nothing of the file can be read.</exception>
    public static void Unpack(Disk disk, SessionLog log, Deletions deletions)
    {
        var (folder, fresh) = (Path.GetDirectoryName(log.PlainPath)!, log.PlainPath + NewLog.Suffix);
        disk.Delete(fresh);
        using (var packed = PackedFile.Open(disk, log.PackedPath))
        using (var plain = disk.Create(fresh))
        {
            packed.CopyTo(disk, plain, packed.Length);

            // Whatever the store was opened for: what it stands in for may be on the disk.
            disk.Flush(plain);
            if (packed.Damaged.Count > 0)
                KeepAside(disk, log.PackedPath, packed.Damaged.Min(f => f.Offset));
        }

        disk.Rename(fresh, log.PlainPath);
        disk.FlushFolder(folder);
        (log.IsPacked, log.IsChecked) = (false, false);
        deletions.Expect(folder);
        try
        {
            disk.Delete(log.PackedPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It counts no more, and the next collection or start deletes it.
        }
    }

    private bool Rests(SessionLog log) =>
        rules is not null && log is { IsPacked: false, IsGone: false, Writer: null, State: { Fault: null, Keys: { IsLive: false } keys } state }
        && keys.UpdatedAt < parts.Time.GetUtcNow() - rules.After && state.End >= rules.Least;

    // It is long work: whoever wants to write the session does not wait for it, only for the change of names.
    private async Task<long?> PackAsync(SessionLog log, CancellationToken cancellationToken)
    {
        await logs.LookAsync(log, cancellationToken);
        var (end, fresh) = (log.State.End, log.PackedPath + NewLog.Suffix);
        try
        {
            if (Write(log, fresh, end, cancellationToken) is not { } saved)
                return null;

            await log.Ownership.WaitAsync(cancellationToken);
            try
            {
                if (!Rests(log) || log.State.End != end)
                    return null;
                Name(log, fresh);
                return saved;
            }
            finally
            {
                log.Ownership.Release();
            }
        }
        finally
        {
            TryDelete(fresh);
        }
    }

    /// <returns>The bytes saved; null where there is nothing to save, or what stands behind the end must be mended first.</returns>
    private long? Write(SessionLog log, string fresh, long end, CancellationToken cancellationToken)
    {
        using var plain = log.Open(_disk);
        if (plain.Length != end)
            return null;

        long length;
        _disk.Delete(fresh);
        using (var file = _disk.Create(fresh))
        {
            length = new FrameWriter(_disk, file, end, rules!.FrameLength).Write(plain, cancellationToken);
            _disk.Flush(file);
        }

        if (length >= end)
            return null;
        RequireSame(plain, fresh, cancellationToken);
        return end - length;
    }

    // What replaces the only copy is read back first.
    private void RequireSame(LogFile plain, string path, CancellationToken cancellationToken)
    {
        using var packed = PackedFile.Open(_disk, path);
        var (expected, actual) = (new byte[LineReader.Chunk], new byte[LineReader.Chunk]);
        for (var at = 0L; at < plain.Length; at += expected.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = (int)Math.Min(expected.Length, plain.Length - at);
            plain.ReadWhole(expected.AsSpan(0, length), at);
            packed.ReadWhole(actual.AsSpan(0, length), at);
            if (!actual.AsSpan(0, length).SequenceEqual(expected.AsSpan(0, length)))
                throw new DamagedException($"{path} does not hold what was compressed, from byte {at} on.");
        }

        if (packed.Length != plain.Length)
            throw new DamagedException($"{path} holds {packed.Length} bytes, not {plain.Length}.");
    }

    private void Name(SessionLog log, string fresh)
    {
        var folder = Path.GetDirectoryName(log.PackedPath)!;
        try
        {
            _disk.Rename(fresh, log.PackedPath);
            _disk.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(log.PackedPath);
            throw;
        }

        log.IsPacked = true;
        using (var packed = log.Open(_disk))
            parts.Catalog.Write(log, logs.Whole(log), packed.Handle);
        _disk.Delete(log.PlainPath);
        parts.Deletions.Expect(folder);
    }

    private async Task DeleteOtherAsync(SessionLog log, CancellationToken cancellationToken)
    {
        await log.Ownership.WaitAsync(cancellationToken);
        try
        {
            if (!log.IsGone)
                logs.DeleteOther(log);
        }
        finally
        {
            log.Ownership.Release();
        }
    }

    private static void KeepAside(Disk disk, string path, long offset)
    {
        var aside = $"{path}{DamagedMark}{offset}";
        disk.Delete(aside);
        using var from = PlainFile.Open(disk, path);
        using var to = disk.Create(aside);
        from.CopyTo(disk, to, from.Length);
        disk.Flush(to);
    }

    private void TryDelete(string path)
    {
        try
        {
            _disk.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is nobody's, and the next start deletes it; what went wrong first is told.
        }
    }
}
