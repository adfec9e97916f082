using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>
/// What a child writes. It ends when the last writer closed the pipe; or, once the program has ended, when the pipe is empty: something
/// that left the process group may hold it open for ever.
/// </summary>
internal sealed class ChildStream(SafePipeHandle pipe, CancellationToken exited) : Stream
{
    private readonly AnonymousPipeClientStream _pipe = new(PipeDirection.In, pipe);

    public override bool CanRead => true;
    public override bool CanWrite => false;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush() { }

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
