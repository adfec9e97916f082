using System.IO.Pipes;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Skein.Sandbox;

/// <summary>
/// A child process; every one that the product starts is started here. It has its own session and process group, an explicit
/// environment, and no descriptor but the given ones. Unless it is detached, what is left of its group is killed when it ends, and all
/// of it when it is disposed. Safe for use by many threads.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int WaiterStack = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ChildExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _exited = new();
    private readonly bool _detached;
    private readonly string _program;
    private readonly Stream? _output;
    private readonly Stream? _errors;
    private readonly Stream? _input;
    private readonly Task _writing;
    private OrphanWatch? _watch;
    private bool _reaped;

    private ChildProcess(int pid, ChildStart start, ChildPipes pipes)
    {
        Pid = pid;
        _program = start.Program;
        _detached = start.Detached;
        _output = pipes.Output is not { } output ? null
            : pipes.Waking is { } waking ? new ThreadedStream(output, waking, start.Program, _exited.Token)
            : new AwaitedStream(output, _exited.Token);
        _errors = pipes.Errors is { } errors ? new AwaitedStream(errors, _exited.Token) : null;
        _input = pipes.Input is { } input ? new AnonymousPipeClientStream(PipeDirection.Out, input) : null;
        _writing = start.Input is ChildInput.TextInput text ? WriteAsync(_input!, text.Content) : Task.CompletedTask;
    }

    /// <summary>Its process id, and that of its session and its group.</summary>
    public int Pid { get; }

    /// <summary>
    /// Its standard output; read asynchronously. It ends when its writers are gone, at the latest when the program has ended and what
    /// was written is read.
    /// </summary>
    /// <exception cref="InvalidOperationException">It goes to a file.</exception>
    public Stream Output => _output ?? throw new InvalidOperationException($"The output of '{_program}' has no pipe.");

    /// <summary>
    /// Completes when so long has passed. Where a thread reads <see cref="Output"/>, it completes there, while it reads, which wakes no other thread;
    /// then a later call takes the place of an earlier one, which never completes.
    /// </summary>
    public Task DelayAsync(TimeSpan delay, TimeProvider time) =>
        _output is ThreadedStream stream && time == TimeProvider.System ? stream.DelayAsync(delay) : Task.Delay(delay, time);

    /// <summary>Its standard error, where that has a pipe of its own; as <see cref="Output"/>.</summary>
    /// <exception cref="InvalidOperationException">It is merged, or goes to a file.</exception>
    public Stream Errors => _errors ?? throw new InvalidOperationException($"The errors of '{_program}' have no pipe of their own.");

    /// <summary>Its standard input. Writing when the program no longer reads is an <see cref="IOException"/>.</summary>
    /// <exception cref="InvalidOperationException">It has no pipe.</exception>
    public Stream Input => _input ?? throw new InvalidOperationException($"The input of '{_program}' has no pipe.");

    /// <exception cref="ChildStartException">There is no such program, it cannot be run, or a folder is missing.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Child processes need posix_spawn, which Windows does not have.");

        var path = ChildStartCheck.FindProgram(start);
        KeepChildrenWaitable();
        using var call = new SpawnCall(start.Program);
        using var pipes = new ChildPipes(call, start.Input, start.Output, start.IsReadByThread);
        try
        {
            return StartOnItsThread(() => call.Run(path, start.Arguments, start.Folder, start.Environment), start, pipes);
        }
        catch (ChildStartException)
        {
            pipes.Abandon();
            throw;
        }
    }

    /// <summary>
    /// Where whoever started us ignores SIGCHLD, the kernel throws exit codes away, and so would the runtime once it handles signals:
    /// programs call this before anything else.
    /// </summary>
    public static void KeepChildrenWaitable()
    {
        if (OperatingSystem.IsWindows())
            return;

        // The handler comes first in every struct sigaction: 0 is the default, 1 means ignored.
        var action = new byte[Native.OpaqueSize];
        if (Native.sigaction(Native.SigChild, null, action) == 0 && BitConverter.ToInt64(action) == 1)
            _ = Native.sigaction(Native.SigChild, new byte[Native.OpaqueSize], null);
    }

    /// <summary>Completes when the program has ended and been reaped.</summary>
    public Task<ChildExit> WaitAsync(CancellationToken cancellationToken) => _exit.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Ends the whole process group with SIGKILL, and of one that is to end with us what it started outside of its group too. Does nothing
    /// when the program has ended.
    /// </summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_watch is not null && !_reaped)
            {
                // What stands still starts no more, and loses nobody.
                Send(Native.SigStop);
                foreach (var below in ProcessTree.Below(Pid).ToList())
                    _ = Native.kill(below, Native.SigKill);
            }

            Send(Native.SigKill);
        }
    }

    /// <summary>Sends SIGINT to the whole process group. Does nothing when the program has ended.</summary>
    public void Interrupt() => Send(Native.SigInt);

    /// <summary>Kills the group and waits for its end; a detached child is only let go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_detached)
            return;

        Kill();
        await Task.WhenAny(_exit.Task); // How it ended, and whether that could be learned, is for those who wait.
        await _writing;
        if (_watch is not null)
            await _watch.DisposeAsync();
        foreach (var stream in new[] { _output, _errors, _input })
        {
            if (stream is not null)
                await stream.DisposeAsync();
        }
    }

    /// <summary>
    /// A thread each: a blocking wait needs no signal handler, which would have to be shared with the runtime's own. The same thread
    /// starts the child: one that asked to end with its parent ends with the thread that started it, which the pool's may at any time.
    /// </summary>
    private static ChildProcess StartOnItsThread(Func<int> spawn, ChildStart start, ChildPipes pipes)
    {
        using var ready = new SemaphoreSlim(0);
        ChildProcess? child = null;
        ExceptionDispatchInfo? failed = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    child = new ChildProcess(spawn(), start, pipes);
                    if (start.EndsWithUs)
                        child._watch = OrphanWatch.Over(child.Pid);
                }
                catch (Exception e)
                {
                    failed = ExceptionDispatchInfo.Capture(e);
                    child?.Kill();
                }

                ready.Release();
                child?.WaitForExit();
            },
            WaiterStack) { IsBackground = true, Name = $"Skein waits for {start.Program}" };
        thread.Start();
        ready.Wait();
        failed?.Throw();
        return child!;
    }

    private static async Task WriteAsync(Stream input, string text)
    {
        try
        {
            await input.WriteAsync(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // The program closed its input or ended without reading all of it: that is its right.
        }
        finally
        {
            await input.DisposeAsync();
        }
    }

    private void WaitForExit()
    {
        var info = new byte[Native.OpaqueSize];
        while (Native.waitid(Native.WaitForProcess, Pid, info, Native.WaitExitedNoReap) != 0
            && Marshal.GetLastPInvokeError() == Native.Interrupted)
        {
        }

        _watch?.End();
        lock (_lock)
        {
            // Not reaped yet, so the group's number cannot be another's.
            if (!_detached)
                _ = Native.kill(-Pid, Native.SigKill);

            Reap_Locked();
        }

        _exited.Cancel();
    }

    private void Reap_Locked()
    {
        int result, status;
        do
        {
            result = Native.waitpid(Pid, out status, 0);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted);

        _reaped = true;
        if (result != Pid)
            _exit.SetException(new InvalidOperationException($"How '{_program}' ({Pid}) ended is not known: {Native.LastError()}."));
        else if ((status & 0x7f) is var signal and not 0)
            _exit.SetResult(new ChildExit(128 + signal, signal));
        else
            _exit.SetResult(new ChildExit((status >> 8) & 0xff, null));
    }

    private void Send(int signal)
    {
        lock (_lock)
        {
            if (_reaped || Native.kill(-Pid, signal) == 0)
                return;

            // Between its end and its reaping there is nobody left to signal; macOS calls that "not permitted".
            var error = Marshal.GetLastPInvokeError();
            if (error is not (Native.NoSuchProcess or Native.NotPermitted))
                throw new InvalidOperationException($"'{_program}' ({Pid}) could not be signalled: {Native.Describe(error)}.");
        }
    }
}
