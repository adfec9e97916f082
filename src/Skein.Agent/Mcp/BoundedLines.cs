using Skein.Agent.Providers;

namespace Skein.Agent.Mcp;

/// <summary>What a program prints, line by line: one that never ends its line would fill the memory of whoever waits for the end.</summary>
internal sealed class BoundedLines(Stream printed) : ReadingStream
{
    /// <summary>Bytes of a line. Pictures come in one.</summary>
    public const int MostBytes = 32 << 20;

    private int _length;
    private volatile bool _isOver;

    /// <summary>Nothing more is read: its end came, or a line that is too long. Told before whoever reads is.</summary>
    public bool IsOver => _isOver;

    /// <exception cref="IOException">A line has more than <see cref="MostBytes"/> bytes.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await printed.ReadAsync(buffer, cancellationToken);
        var end = buffer.Span[..read].LastIndexOf((byte)'\n');
        _length = end < 0 ? _length + read : read - end - 1;
        _isOver = (read == 0 && !buffer.IsEmpty) || _length > MostBytes;
        return _length <= MostBytes ? read : throw new IOException($"It printed a line of more than {MostBytes} bytes.");
    }
}
