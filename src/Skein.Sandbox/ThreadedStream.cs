using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>
/// What a child writes, read by a thread of its own. Whoever waits for it goes on on that thread, until he waits for something else: where a
/// child says much in small pieces, two threads of the pool that are woken for each cost more than what is done with it. One read at a time,
/// which is not cancelled while it waits.
/// </summary>
internal sealed class ThreadedStream : ChildStream, IValueTaskSource<int>
{
    private readonly object _gate = new();
    private readonly SafePipeHandle _pipe;
    private readonly SafePipeHandle _woken;
    private readonly SafePipeHandle _wakes;
    private readonly CancellationToken _exited;
    private readonly CancellationTokenRegistration _exit;
    private readonly Thread _thread;
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte>? _wanted;
    private (TaskCompletionSource Passed, long From, TimeSpan Delay)? _delay;
    private byte _drained;
    private volatile bool _isStopping;
    private bool _isClosed;

    /// <param name="pipe">Closed with this.</param>
    /// <param name="waking">A pipe that wakes the thread; closed with this.</param>
    /// <param name="exited">The program has ended.</param>
    public ThreadedStream(SafePipeHandle pipe, (SafePipeHandle Read, SafePipeHandle Write) waking, string program, CancellationToken exited)
    {
        (_pipe, _woken, _wakes, _exited) = (pipe, waking.Read, waking.Write, exited);
        _thread = new Thread(Work) { IsBackground = true, Name = $"Skein reads {program}" };
        _thread.Start();
        _exit = exited.Register(Wake);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
            if (_wanted is not null)
                throw new InvalidOperationException("It is being read already.");

            _read.Reset();
            _wanted = buffer;
            Monitor.Pulse(_gate);
            return new ValueTask<int>(this, _read.Version);
        }
    }

    /// <summary>
    /// Completes when so long has passed while something is being read, and whoever awaits it goes on on the reading thread. That waits anyway:
    /// asked on it, this costs nothing, where a timer wakes several threads. A later call takes the place of an earlier one, which never completes.
    /// </summary>
    public Task DelayAsync(TimeSpan delay)
    {
        var passed = new TaskCompletionSource();
        lock (_gate)
            _delay = (passed, Stopwatch.GetTimestamp(), delay);
        if (Thread.CurrentThread != _thread)
            Wake();
        return passed.Task;
    }

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    // The thread closes what it reads from: a number that is closed while it waits could be another file's.
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        Wake();
        _exit.Unregister();
        base.Dispose(disposing);
    }

    private void Work()
    {
        while (Next() is { } buffer)
        {
            var (read, error) = Await(buffer.Span);
            _wanted = null;
            if (error is null)
                _read.SetResult(read);
            else
                _read.SetException(error);
        }

        lock (_gate)
        {
            _isClosed = true;
            _pipe.Dispose();
            _woken.Dispose();
            _wakes.Dispose();
        }
    }

    private Memory<byte>? Next()
    {
        lock (_gate)
        {
            while (_wanted is null && !_isStopping)
                Monitor.Wait(_gate);
            return _wanted;
        }
    }

    private (int Read, IOException? Error) Await(Span<byte> into)
    {
        Native.PollDescriptor[] both = [Readable(_pipe), Readable(_woken)];
        while (Native.poll(both, 2, Patience()) is var ready && (ready <= 0 || both[0].Happened == 0))
        {
            if (ready < 0 && Marshal.GetLastPInvokeError() != Native.Interrupted)
                return (0, Failed());
            if (_isStopping || _exited.IsCancellationRequested)
                return (0, null);
            if (ready > 0)
                _ = Native.read(both[1].Descriptor, ref _drained, 1);
        }

        nint read;
        while ((read = Native.read(both[0].Descriptor, ref MemoryMarshal.GetReference(into), into.Length)) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Native.Interrupted)
                return (0, Failed());
        }

        return ((int)read, null);

        static IOException Failed() => new($"What a program writes could not be read: {Native.LastError()}.");
    }

    // Milliseconds until the delay has passed; of one that has, whoever waits for it is told here.
    private int Patience()
    {
        while (true)
        {
            TaskCompletionSource passed;
            lock (_gate)
            {
                if (_delay is not { } delay)
                    return Timeout.Infinite;
                if (delay.Delay - Stopwatch.GetElapsedTime(delay.From) is { Ticks: > 0 } left)
                    return (int)Math.Min(Math.Ceiling(left.TotalMilliseconds), int.MaxValue);
                (passed, _delay) = (delay.Passed, null);
            }

            passed.SetResult();
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (!_isClosed)
                _ = Native.write((int)_wakes.DangerousGetHandle(), [1], 1);
        }
    }

    private static Native.PollDescriptor Readable(SafePipeHandle pipe) => new() { Descriptor = (int)pipe.DangerousGetHandle(), Events = Native.PollIn };
}
