using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>The pipes of one child: its ends are given to the call, ours are taken once it runs; disposing closes what is left.</summary>
internal sealed class ChildPipes : IDisposable
{
    private readonly List<SafePipeHandle> _theirs = [];

    public ChildPipes(SpawnCall call, ChildInput input, ChildOutput output, bool isReadByThread)
    {
        try
        {
            if (input is ChildInput.NoInput)
                call.OpenForReading("/dev/null", 0);
            else if (input is ChildInput.TerminalInput)
                call.ShareTerminal();
            else
                Input = GiveReader(call);

            switch (output)
            {
                case ChildOutput.FileOutput file:
                    call.OpenForAppending(file.Path, 1);
                    call.Give(1, 2);
                    break;
                case ChildOutput.TerminalOutput:
                    call.Give(1, 1);
                    call.Give(2, 2);
                    break;
                case ChildOutput.MergedOutput:
                    Output = GiveWriter(call, 1);
                    call.Give(1, 2);
                    break;
                default:
                    Output = GiveWriter(call, 1);
                    Errors = GiveWriter(call, 2);
                    break;
            }

            if (isReadByThread)
                Waking = Pair();
        }
        catch
        {
            Dispose();
            Abandon();
            throw;
        }
    }

    public SafePipeHandle? Input { get; }
    public SafePipeHandle? Output { get; }
    public SafePipeHandle? Errors { get; }

    /// <summary>Both ends are ours: what wakes the thread that reads.</summary>
    public (SafePipeHandle Read, SafePipeHandle Write)? Waking { get; }

    /// <summary>Closes our ends: the child was not started.</summary>
    public void Abandon()
    {
        Input?.Dispose();
        Output?.Dispose();
        Errors?.Dispose();
        Waking?.Read.Dispose();
        Waking?.Write.Dispose();
    }

    /// <summary>Closes the child's ends on our side, so that a pipe ends when the child's do.</summary>
    public void Dispose() => _theirs.ForEach(static end => end.Dispose());

    private SafePipeHandle GiveReader(SpawnCall call)
    {
        var (read, write) = Pair();
        call.Give(Keep(read), 0);
        return write;
    }

    private SafePipeHandle GiveWriter(SpawnCall call, int number)
    {
        var (read, write) = Pair();
        call.Give(Keep(write), number);
        return read;
    }

    private int Keep(SafePipeHandle end)
    {
        _theirs.Add(end);
        return (int)end.DangerousGetHandle();
    }

    private static (SafePipeHandle Read, SafePipeHandle Write) Pair()
    {
        var (read, write) = Native.CreatePipe();
        return (new SafePipeHandle(read, ownsHandle: true), new SafePipeHandle(write, ownsHandle: true));
    }
}
