using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>
/// A program that the person at this process's terminal uses for a while, such as a pager. Unlike every other child it stays in our
/// session and group, or it could not read the keys: a <see cref="ChildProcess"/> has no terminal.
/// </summary>
public static class ForegroundProgram
{
    /// <summary>Runs a shell line with a text at its standard input, and returns when it has ended. Ctrl+C meanwhile is its business alone.</summary>
    /// <returns>Its exit code; 128 and the signal's number where a signal ended it.</returns>
    /// <exception cref="ChildStartException">There is no shell.</exception>
    public static async Task<int> RunAsync(string line, string folder, IReadOnlyDictionary<string, string> environment, string input)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Child processes need posix_spawn, which Windows does not have.");

        ChildProcess.KeepChildrenWaitable();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        var (pid, writing) = Start(line, folder, environment, input);
        var code = await Task.Factory.StartNew(() => WaitFor(pid), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await writing;
        return code;
    }

    private static (int Pid, Task Writing) Start(string line, string folder, IReadOnlyDictionary<string, string> environment, string input)
    {
        using var call = new SpawnCall("/bin/sh") { KeepsTerminal = true };
        var (read, write) = Native.CreatePipe();
        using var theirs = new SafePipeHandle(read, ownsHandle: true);
        var ours = new SafePipeHandle(write, ownsHandle: true);
        try
        {
            call.Give(read, 0);
            var pid = call.Run("/bin/sh", ["-c", line], folder, environment);
            return (pid, Task.Run(() => WriteAsync(ours, input)));
        }
        catch
        {
            ours.Dispose();
            throw;
        }
    }

    private static async Task WriteAsync(SafePipeHandle pipe, string text)
    {
        try
        {
            await using var input = new AnonymousPipeClientStream(PipeDirection.Out, pipe);
            await input.WriteAsync(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // Who has seen enough closes a pager before its text has ended.
        }
    }

    private static int WaitFor(int pid)
    {
        int result, status;
        do
        {
            result = Native.waitpid(pid, out status, 0);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted);

        return result != pid ? 1 : (status & 0x7f) is var signal and not 0 ? 128 + signal : (status >> 8) & 0xff;
    }
}
