using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>A file that the store found and cannot read, or cannot keep up.</summary>
/// <param name="Reason">One sentence for people.</param>
public sealed record DamagedFile(string Path, string Reason);

/// <summary>All logs of the store: which there are, and how they are made, opened for writing and looked at for the first time.</summary>
internal sealed class LogFolder(string root, LogTable logs, LogParts parts)
{
    private readonly ConcurrentDictionary<SessionId, bool> _creating = new();
    private readonly List<DamagedFile> _misplaced = [];

    public IEnumerable<SessionLog> All => logs.All();

    /// <summary>The keys of all sessions that have a row, as they are now, in no order.</summary>
    public IEnumerable<SessionKeys> Keys => All.Select(static log => log.State.Keys).OfType<SessionKeys>();

    /// <summary>What is left of sessions that were purged, for the forks that read from them.</summary>
    public ConcurrentDictionary<SessionId, SessionLog> Origins { get; } = new();

    /// <summary>Held while a fork is made and while a log that forks may refer to is deleted: taken before any log's ownership.</summary>
    public SemaphoreSlim Forking { get; } = new(1, 1);

    public IReadOnlyList<DamagedFile> Misplaced => _misplaced;

    public IEnumerable<DamagedFile> Damaged =>
        [.. _misplaced, .. All.Concat(Origins.Values).Where(l => l.State.Fault is not null).Select(l => new DamagedFile(l.Path, l.State.Fault!))];

    public SessionLog? Find(SessionId session) => logs.Find(session);

    public SessionLog Get(SessionId session) => Find(session) ?? throw new SessionNotFoundException(session);

    /// <summary>A session's row as it is now, for lists, which tell nothing of what cannot be read.</summary>
    public Session? FindRow(SessionId session)
    {
        try
        {
            return Find(session) is { } log ? RowOf(log) : null;
        }
        catch (DamagedException)
        {
            return null;
        }
    }

    /// <summary>A session's row as it is now, which is kept at hand for a while.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="DamagedException">The disk does not answer.</exception>
    public Session? RowOf(SessionLog log)
    {
        var state = log.State;
        var whole = Whole(log);
        if (state.Row is null && whole is not null && log.Replace(state, whole))
            parts.Recent.Add(log, whole);
        return whole?.Row;
    }

    /// <summary>A log's state together with its row: held, or read from the catalog; where that one cannot be read, folded again from the log.</summary>
    /// <returns>Null where there is no row: the log was not looked at, cannot be folded, or was purged.</returns>
    /// <exception cref="DamagedException">The disk does not answer.</exception>
    public LogState? Whole(SessionLog log)
    {
        while (true)
        {
            var state = log.State;
            if (state.Row is not null)
                return state;
            if (state.Keys is null)
                return null;
            if (parts.Catalog.Read(log, state.Seq) is { } row)
                return state with { Row = row with { Id = log.Id, Workspace = state.Keys.Workspace, Agent = state.Keys.Agent } };

            // It was appended to since then, or the catalog is damaged.
            if (ReferenceEquals(log.State, state))
                return Folded(log, state);
        }
    }

    private LogState? Folded(SessionLog log, LogState state)
    {
        try
        {
            using var file = log.Open(parts.Disk);
            return LogFold.Fold(file, log, state.End, from: null) is { Row: not null } whole ? whole : throw new DamagedException($"{log.Name} is not what it was.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return log.IsGone ? null : throw new DamagedException($"{log.Name} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The log that holds what forks inherited from a session: its own, or what a purge left of it; null when neither is there.</summary>
    /// <exception cref="DamagedException">The file cannot be read.</exception>
    public async ValueTask<SessionLog?> FindInheritedAsync(SessionId session, CancellationToken cancellationToken)
    {
        while ((Find(session) is { IsGone: false } own ? own : Origins.GetValueOrDefault(session)) is { IsGone: false } log)
        {
            try
            {
                await LookAsync(log, cancellationToken);
                return log;
            }
            catch (SessionNotFoundException) when (log.IsGone)
            {
                // Purged just now: what is left of it is looked for.
            }
        }

        return null;
    }

    public void Remove(SessionLog log) => logs.Remove(log);

    /// <summary>
    /// Finds the logs, and deletes those that a crash left unmade. One whose file is as the catalog saw it last is not opened; the others are flushed and folded, several at a time.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // A name that a process which died made or took away may be in the cache alone: what is shown must be so after a power loss as well.
        if (parts.Durability == Durability.Durable)
            await Task.WhenAll(Months().Select(month => parts.Threads.RunAsync(() => FlushFolder(month))));

        var found = new LogDiscovery(root, parts, logs);
        found.Run(cancellationToken);
        _misplaced.AddRange(found.Misplaced);
        foreach (var origin in found.Origins)
        {
            Origins[origin] = new SessionLog(origin, root, new LogState(0, 0, null), SessionLog.OriginExtension);

            // A purge that a crash ended before it had deleted the log, which holds all that was being kept of it.
            if (Find(origin) is not null && Origins.TryRemove(origin, out var unfinished))
                parts.Disk.Delete(unfinished.Path);
        }

        await Task.WhenAll(found.Stale.Select(log => parts.Threads.RunAsync(() => Look(log))));
        foreach (var log in found.Doubled)
            DeleteOther(log);
    }

    /// <summary>Deletes the file that a crash left beside the log's own: that one is whole, and may be newer.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">As with <see cref="IOException"/>.</exception>
    public void DeleteOther(SessionLog log)
    {
        // What no crash makes: then the other is all there is.
        if (log.State is not { Keys: not null, Fault: null })
            return;
        parts.Disk.Delete(log.OtherPath);
        parts.Deletions.Expect(Path.GetDirectoryName(log.Path)!);
    }

    /// <summary>Looks at the log's file before the first of it is served: flushes it, and passes over an end that is torn.</summary>
    /// <exception cref="DamagedException">The file cannot be read.</exception>
    public async ValueTask LookAsync(SessionLog log, CancellationToken cancellationToken)
    {
        if (log.IsFlushed)
            return;

        await log.Ownership.WaitAsync(cancellationToken);
        try
        {
            if (log.IsGone)
                throw new SessionNotFoundException(log.Id);
            if (!log.IsFlushed)
                await parts.Threads.RunAsync(() => Look(log));
        }
        finally
        {
            log.Ownership.Release();
        }

        if (!log.IsFlushed)
            throw new DamagedException(log.State.Fault ?? $"{log.Name} cannot be read.");
    }

    public async Task<LogWriter> CreateAsync(SessionId session, IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken)
    {
        if (bodies is not [SessionForked, ..])
            return await MakeAsync(session, bodies, by, cancellationToken);

        // What the fork refers to is not purged until the fork is there to be seen.
        await Forking.WaitAsync(cancellationToken);
        try
        {
            return await MakeAsync(session, bodies, by, cancellationToken);
        }
        finally
        {
            Forking.Release();
        }
    }

    private async Task<LogWriter> MakeAsync(SessionId session, IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken)
    {
        var last = bodies switch
        {
            [SessionCreated, ..] => 0,
            [SessionForked forked, ..] => await OriginAsync(forked, cancellationToken),
            _ => throw new ArgumentException("A session begins with session.created or session.forked.", nameof(bodies)),
        };

        if (!_creating.TryAdd(session, true))
            throw new SessionExistsException(session, "another request that is just making it");
        try
        {
            if (Find(session) is { } known)
                throw new SessionExistsException(session, known.State.Keys is { } keys ? $"workspace '{keys.Workspace}' and agent '{keys.Agent}'" : "a log that cannot be read");

            if (Origins.ContainsKey(session))
                throw new SessionExistsException(session, "a log that was purged, and that forks still read");

            cancellationToken.ThrowIfCancellationRequested();
            var batch = EncodedBatch.Encode(session, last, bodies, by, parts.Time, isFirstOfFile: true);
            var (log, file) = await parts.Threads.RunAsync(() => NewLog.Write(parts, root, session, batch));
            var writer = new LogWriter(parts, log, file, fence: 1, repairs: []);
            log.Writer = writer;
            parts.Catalog.Opened(session);
            logs.Add(log);
            parts.Committed(log);
            return writer;
        }
        finally
        {
            _creating.TryRemove(session, out _);
        }
    }

    public async Task<LogWriter> OpenWriterAsync(SessionLog log, CancellationToken cancellationToken)
    {
        await log.Ownership.WaitAsync(cancellationToken);
        try
        {
            if (log.IsGone)
                throw new SessionNotFoundException(log.Id);

            // From here on the writer before is fenced, also if the disk then refuses.
            var before = log.Writer;
            var clean = before is null || await before.RetireAsync(fenced: true);
            var (file, repairs) = await parts.Threads.RunAsync(() => OpenForWriting(log, clean));
            log.Writer = new LogWriter(parts, log, file, (before?.Fence ?? 0) + 1, repairs);
            parts.Catalog.Opened(log.Id);
            return log.Writer;
        }
        finally
        {
            log.Ownership.Release();
        }
    }

    private (SafeFileHandle File, IReadOnlyList<Repair> Repairs) OpenForWriting(SessionLog log, bool clean)
    {
        SafeFileHandle? file = null;
        try
        {
            if (log.IsPacked)
                LogPacking.Unpack(parts.Disk, log, parts.Deletions);
            file = parts.Disk.OpenWrite(log.Path);
            if (log.IsChecked)
            {
                // A failed append may have left bytes that nobody was told of.
                if (!clean)
                    parts.Disk.Truncate(file, log.State.End);
                parts.Disk.Flush(file);
                Hold(log, Whole(log) ?? throw new DamagedException(log.State.Fault!));
                return (file, []);
            }

            var (state, repairs) = LogRepair.Mend(parts.Disk, file, log, Whole(log), Path.Combine(root, "blobs"));
            if (state.Row is null)
                throw new DamagedException(state.Fault!);

            Hold(log, state);
            log.IsFlushed = log.IsChecked = true;
            parts.Catalog.Write(log, log.State, file);
            return (file, repairs);
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new StoreStoppedException($"Session {log.Id} cannot be opened for writing: {e.Message}", e);
            throw;
        }
    }

    // A writer has its row for as long as it writes: a state that nobody knows yet, so that nobody lets go of it.
    private static void Hold(SessionLog log, LogState state) => log.Learn(state with { });

    private bool Look(SessionLog log)
    {
        try
        {
            using var file = log.Open(parts.Disk);
            if (parts.Durability == Durability.Durable)
                parts.Disk.Flush(file.Handle);

            var end = LogTail.Find(file).Committed;
            var known = log.State;
            if (known.Keys is null || known.End != end)
                known = LogFold.Fold(file, log, end, from: known.Keys is null || known.End > end ? null : Whole(log));

            log.Learn(known.Keys is null ? known : known with { Fault = null });
            log.IsFlushed = true;
            if (Find(log.Id) == log && parts.Catalog.Write(log, log.State, file.Handle) is { } kept)
                parts.Recent.Add(log, kept);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            // It keeps its row, if the catalog had one; it is looked at again when it is next read.
            log.Learn(log.State with { Fault = $"{log.Name} cannot be read: {e.Message}" });
        }

        return log.IsFlushed;
    }

    private async ValueTask<long> OriginAsync(SessionForked forked, CancellationToken cancellationToken)
    {
        var last = 0L;
        foreach (var segment in forked.Segments)
        {
            var origin = (await FindInheritedAsync(segment.Session, cancellationToken) ?? throw new SessionNotFoundException(segment.Session)).State;
            if (segment.UpTo <= last || segment.UpTo > origin.Seq)
                throw new ArgumentException($"A fork inherits rising stretches that exist, not {segment.UpTo} after {last} of {segment.Session}, which ends at {origin.Seq}.", nameof(forked));
            last = segment.UpTo;
        }

        return last == forked.From.Seq ? last : throw new ArgumentException($"A fork at {forked.From.Seq} inherits up to there, not up to {last}.", nameof(forked));
    }

    private IEnumerable<string> Months() => [Path.Combine(root, "sessions"), .. Directory.EnumerateDirectories(Path.Combine(root, "sessions"))];

    private bool FlushFolder(string folder)
    {
        parts.Disk.FlushFolder(folder);
        return true;
    }
}
