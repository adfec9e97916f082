using System.Buffers;

namespace Skein.Store;

/// <summary>Reads a file line by line towards its beginning, in chunks; a line may be larger than a chunk.</summary>
/// <param name="end">Where the newest line ends, after its line end.</param>
/// <param name="owns">Whether the file is closed with the reader.</param>
internal sealed class BackLineReader(LogFile file, long end, bool owns = false) : IDisposable
{
    private byte[] _buffer = [];
    private long _bufferStart = end;
    private int _lineEnd;

    /// <summary>Where the line last read begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The line before, without its end; valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var before = _lineEnd > 0 ? _buffer.AsSpan(0, _lineEnd - 1).LastIndexOf((byte)'\n') : -1;
            if (before < 0 && _bufferStart > 0)
            {
                Fill();
                continue;
            }

            if (_lineEnd == 0)
            {
                line = default;
                return false;
            }

            line = _buffer.AsSpan((before + 1)..(_lineEnd - 1));
            Offset = _bufferStart + before + 1;
            _lineEnd = before + 1;
            return true;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (owns)
            file.Dispose();
    }

    // As much again as the line has already: a large line is searched a bounded number of times.
    private void Fill()
    {
        var more = (int)Math.Min(Math.Max(LineReader.Chunk, _lineEnd), _bufferStart);
        var larger = ArrayPool<byte>.Shared.Rent(_lineEnd == 0 ? more : Math.Max(more + _lineEnd, LineReader.Larger(_lineEnd, file.Path)));
        _buffer.AsSpan(0, _lineEnd).CopyTo(larger.AsSpan(more));
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;

        _bufferStart -= more;
        _lineEnd += more;
        for (var read = 0; read < more;)
            read += file.ReadAt(_buffer.AsSpan(read, more - read), _bufferStart + read);
    }
}
