using System.Buffers;
using Skein.Core;

namespace Skein.Store;

/// <summary>
/// Reads a stretch of a file line by line, in chunks. It reads on the calling thread: what is followed is in the page cache, where a
/// hop to another thread costs more than the read.
/// </summary>
/// <param name="owns">Whether the file is closed with the reader.</param>
internal sealed class LineReader(LogFile file, long start, long end, int chunk = LineReader.Chunk, bool owns = false) : IDisposable
{
    public const int Chunk = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(end - start, 1, chunk));
    private long _next = start;
    private int _line;
    private int _length;
    private int _filled;

    /// <summary>Where the line last read begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Where reading goes on. At the end of the stretch: the first byte after the last line end.</summary>
    public long Position => _next - (_filled - _line);

    /// <summary>The next line, without its end; valid until the next call.</summary>
    /// <returns>False when no line of the stretch is left that has its end.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var searched = _line;
        while (true)
        {
            if (_buffer.AsSpan(searched, _filled - searched).IndexOf((byte)'\n') is var found and >= 0)
            {
                var lineEnd = searched + found;
                Offset = Position;
                line = _buffer.AsSpan(_line, lineEnd - _line);
                _length = line.Length + 1;
                _line = lineEnd + 1;
                return true;
            }

            searched = _filled - _line;
            if (!Fill())
            {
                line = default;
                return false;
            }
        }
    }

    /// <summary>The line last read and what has been read of the file behind it.</summary>
    public ReadOnlySpan<byte> Ahead => _buffer.AsSpan(_line - _length, _filled - _line + _length);

    /// <summary>What stands after the last line end, once <see cref="TryRead"/> answered false.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_line, _filled - _line);

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (owns)
            file.Dispose();
    }

    private bool Fill()
    {
        if (_next >= end)
            return false;

        var kept = _filled - _line;
        if (_filled == _buffer.Length && _line == 0)
            Grow();
        else
            Buffer.BlockCopy(_buffer, _line, _buffer, 0, kept);
        (_line, _filled) = (0, kept);

        var read = file.ReadAt(_buffer.AsSpan(kept, (int)Math.Min(_buffer.Length - kept, end - _next)), _next);
        _filled += read;
        _next += read;
        return true;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Larger(_buffer.Length, file.Path));
        Buffer.BlockCopy(_buffer, 0, larger, 0, _filled);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    /// <summary>Twice the size, up to what a line may have.</summary>
    public static int Larger(int size, string path) => size < int.MaxValue / 2
        ? size * 2
        : throw new DamagedException($"{path} has a line of more than a gigabyte.");
}
