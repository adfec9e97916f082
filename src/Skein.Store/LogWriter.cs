using System.Buffers;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// Appends to one log. Calls number and encode their events at once, in the order made, and wait; one thread at a time writes and flushes all
/// that has gathered since the last flush, so that one flush serves everybody who waits.
/// </summary>
internal sealed class LogWriter(LogParts parts, SessionLog log, SafeFileHandle file, long fence, IReadOnlyList<Repair> repairs) : ISessionWriter, IFlushWork
{
    /// <summary>After as many bytes the catalog is told, so that a crash leaves little to fold again.</summary>
    private const long RowEvery = 1 << 20;

    private readonly Lock _gate = new();
    private Gathered _gathering = new();
    private Gathered _flushing = new();
    private long _lastNumbered = log.State.Seq;
    private long _rowEnd;
    private LogState? _kept;
    private bool _scheduled;
    private bool _fenced;
    private bool _closed;
    private Exception? _stopped;
    private TaskCompletionSource? _idle;

    public SessionId Session => log.Id;
    public long Fence => fence;
    public long LastSeq => log.State.Seq;
    public IReadOnlyList<Repair> Repairs => repairs;

    /// <summary>Kept as long as somebody has the session in use.</summary>
    public LogIndex Index { get; } = new();

    public ValueTask<IReadOnlyList<SessionEvent>> AppendAsync(IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // From here on the events will be written: the token no longer applies.
        PendingAppend pending;
        var schedule = false;
        lock (_gate)
        {
            ThrowIfClosed_Locked();
            var batch = EncodedBatch.Encode(log.Id, _lastNumbered, bodies, by, parts.Time, isFirstOfFile: false);
            _lastNumbered = batch.Events[^1].Seq;
            pending = new PendingAppend(batch.Events);
            _gathering.Add(pending, batch);
            (schedule, _scheduled) = (!_scheduled, true);
        }

        if (schedule)
            parts.Threads.AddNearby(this);
        return pending.Task;
    }

    IFlushWaiter? IFlushWork.Run()
    {
        lock (_gate)
            (_gathering, _flushing) = (_flushing, _gathering);

        PendingAppend? last = null;
        if (TryWrite() is { } failure)
            Undo(failure);
        else
            last = Acknowledge();

        _flushing.Clear();
        GoOn();
        return last;
    }

    /// <summary>Takes the right to append away, waits for what was already called and closes the file.</summary>
    /// <returns>Whether the file ends where it should; if not, there are bytes behind the end that nobody was told of.</returns>
    public async Task<bool> RetireAsync(bool fenced)
    {
        Task idle;
        lock (_gate)
        {
            _fenced |= fenced;
            _closed = true;
            idle = _scheduled ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }

        await idle;
        if (!file.IsClosed)
            _kept = log.State.End > _rowEnd ? parts.Catalog.Write(log, log.State, file) : _kept;
        file.Dispose();
        return _stopped is null;
    }

    public async ValueTask DisposeAsync()
    {
        await log.Ownership.WaitAsync(CancellationToken.None);
        try
        {
            // Whoever took the session over has already closed this one.
            if (log.Writer != this)
                return;

            var clean = await RetireAsync(fenced: false);
            if (clean)
            {
                log.Writer = null;
                parts.Catalog.Closed(log.Id);
                if (_kept is not null)
                    parts.Recent.Add(log, _kept);
            }
        }
        finally
        {
            log.Ownership.Release();
        }
    }

    private void ThrowIfClosed_Locked()
    {
        if (_fenced)
            throw new FencedException(log.Id);
        if (_stopped is not null)
            throw new StoreStoppedException($"Session {log.Id} takes no appends: {_stopped.Message} It can be read; open it again for writing when the disk works.", _stopped);
        ObjectDisposedException.ThrowIf(_closed, this);
    }

    private IOException? TryWrite()
    {
        try
        {
            parts.Disk.Write(file, _flushing.Bytes.WrittenSpan, log.State.End);
            if (parts.Durability == Durability.Durable)
                parts.Disk.Flush(file);
            return null;
        }
        catch (IOException e)
        {
            return e;
        }
    }

    /// <returns>The last who waits: all others were told.</returns>
    private PendingAppend Acknowledge()
    {
        var state = log.State;
        var row = state.Row;
        foreach (var (e, _) in _flushing.Lines)
            row = row.Apply(e);

        log.Commit(new LogState(row!.Seq, state.End + _flushing.Bytes.WrittenCount, row), _flushing.Lines.Select(static line => line.Event));
        Index.Append(state.End, _flushing.Lines);
        parts.Committed(log);
        foreach (var pending in _flushing.Appends.SkipLast(1))
            pending.Tell(here: false);

        if (log.State.End - _rowEnd >= RowEvery)
        {
            _rowEnd = log.State.End;
            _kept = parts.Catalog.Write(log, log.State, file);
        }

        return _flushing.Appends[^1];
    }

    // After a failed flush the cache holds what the disk may not, and a second flush would not say so: only what was acknowledged counts.
    private void Undo(IOException failure)
    {
        Exception? unable = null;
        try
        {
            parts.Disk.Truncate(file, log.State.End);
            parts.Disk.Flush(file);
        }
        catch (IOException e)
        {
            unable = e;
        }

        IReadOnlyList<PendingAppend> behind;
        lock (_gate)
        {
            _stopped = unable;
            _lastNumbered = log.State.Seq;
            behind = [.. _gathering.Appends];
            _gathering.Clear();
        }

        // What gathered behind the failure was numbered after it, and never written.
        var undone = new StoreStoppedException($"Session {log.Id}: nothing was appended, the disk refused: {failure.Message}", failure);
        foreach (var pending in _flushing.Appends)
            pending.Fail(unable is null ? undone : new AppendUnknownException(log.Id, failure));
        foreach (var pending in behind)
            pending.Fail(undone);
    }

    private void GoOn()
    {
        bool more;
        TaskCompletionSource? idle;
        lock (_gate)
        {
            // Decided under the lock: from the moment it is not scheduled, a caller schedules it again.
            more = _scheduled = _gathering.Appends.Count > 0;
            idle = _idle;
        }

        if (more)
            parts.Threads.Add(this);
        else
            idle?.TrySetResult();
    }

    /// <summary>One call of <see cref="AppendAsync"/> that waits.</summary>
    private sealed class PendingAppend(IReadOnlyList<SessionEvent> events) : IValueTaskSource<IReadOnlyList<SessionEvent>>, IFlushWaiter
    {
        private ManualResetValueTaskSourceCore<IReadOnlyList<SessionEvent>> _done = new() { RunContinuationsAsynchronously = true };

        public ValueTask<IReadOnlyList<SessionEvent>> Task => new(this, _done.Version);

        public void Tell(bool here)
        {
            _done.RunContinuationsAsynchronously = !here;
            _done.SetResult(events);
        }

        public void Fail(Exception why) => _done.SetException(why);

        IReadOnlyList<SessionEvent> IValueTaskSource<IReadOnlyList<SessionEvent>>.GetResult(short token) => _done.GetResult(token);
        ValueTaskSourceStatus IValueTaskSource<IReadOnlyList<SessionEvent>>.GetStatus(short token) => _done.GetStatus(token);

        void IValueTaskSource<IReadOnlyList<SessionEvent>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _done.OnCompleted(continuation, state, token, flags);
    }

    /// <summary>What one write will hold. There are two: one gathers while the other is flushed.</summary>
    private sealed class Gathered
    {
        private const int MostKept = 1 << 20;

        public ArrayBufferWriter<byte> Bytes { get; private set; } = new();
        public List<PendingAppend> Appends { get; } = [];

        /// <summary>All events of these, and how many bytes each has.</summary>
        public List<(SessionEvent Event, int Length)> Lines { get; } = [];

        public void Add(PendingAppend pending, EncodedBatch batch)
        {
            Appends.Add(pending);
            foreach (var (e, json) in batch.Events.Zip(batch.Json))
            {
                var start = Bytes.WrittenCount;
                LogLine.Seal(json.Span, Bytes);
                Lines.Add((e, Bytes.WrittenCount - start));
            }
        }

        public void Clear()
        {
            Appends.Clear();
            Lines.Clear();
            if (Bytes.Capacity > MostKept)
                Bytes = new ArrayBufferWriter<byte>();
            else
                Bytes.ResetWrittenCount();
        }
    }
}
