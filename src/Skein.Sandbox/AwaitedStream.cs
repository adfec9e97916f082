using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>What a child writes, waited for by the thread pool.</summary>
internal sealed class AwaitedStream(SafePipeHandle pipe, CancellationToken exited) : ChildStream
{
    private readonly AnonymousPipeClientStream _pipe = new(PipeDirection.In, pipe);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!exited.IsCancellationRequested)
        {
            using var until = CancellationTokenSource.CreateLinkedTokenSource(exited, cancellationToken);
            try
            {
                return await _pipe.ReadAsync(buffer, until.Token);
            }
            catch (OperationCanceledException) when (exited.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // Nothing was consumed; what is left in the pipe is read below.
            }
        }

        return HasMore() ? await _pipe.ReadAsync(buffer, cancellationToken) : 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _pipe.Dispose();
        base.Dispose(disposing);
    }

    private bool HasMore()
    {
        var kept = false;
        try
        {
            pipe.DangerousAddRef(ref kept);
            Native.PollDescriptor[] one = [new() { Descriptor = (int)pipe.DangerousGetHandle(), Events = Native.PollIn }];
            return Native.poll(one, 1, 0) > 0;
        }
        finally
        {
            if (kept)
                pipe.DangerousRelease();
        }
    }
}
