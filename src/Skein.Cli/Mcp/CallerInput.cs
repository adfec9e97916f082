namespace Skein.Cli.Mcp;

/// <summary>What the other agent's program writes. It tells a call that was taken back from one that ends because the program went away.</summary>
internal sealed class CallerInput(Stream inner, CancellationToken stopping) : Stream
{
    private volatile bool _over;

    /// <summary>Known before whoever reads learns of it, and ends the calls that run.</summary>
    public bool HasGone => _over || stopping.IsCancellationRequested;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Seen(inner.Read(buffer, offset, count), count);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Seen(await inner.ReadAsync(buffer, cancellationToken), buffer.Length);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private int Seen(int read, int asked)
    {
        _over |= read == 0 && asked > 0;
        return read;
    }
}
