using System.Buffers;
using System.IO.Compression;
using Skein.Core;

namespace Skein.Store.Packing;

/// <summary>
/// A log that is kept in frames, as its plain form. One frame at a time is unpacked, in memory. A frame that is damaged is read as zeros
/// that end in a line end, which to every reader is one damaged line.
/// </summary>
internal sealed class PackedFile(PlainFile file, FrameMap map) : LogFile(file.Path, file.Handle)
{
    private readonly HashSet<Frame> _damaged = [];
    private Frame? _current;
    private byte[] _plain = [];

    public override long Length => map.Length;

    public FrameMap Map => map;

    /// <summary>The frames that were read and are not as they were written.</summary>
    public IReadOnlyCollection<Frame> Damaged => _damaged;

    /// <exception cref="DamagedException">Nothing in it is a frame.</exception>
    public static PackedFile Open(Disk disk, string path)
    {
        var file = PlainFile.Open(disk, path);
        try
        {
            return new PackedFile(file, FrameMap.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override int ReadAt(Span<byte> into, long offset)
    {
        if (offset >= Length)
            throw new DamagedException($"{Path} ends at byte {offset} of what it holds, earlier than it did before.");

        var frame = map.At(offset);
        var at = offset - frame.Offset;
        into = into[..(int)Math.Min(into.Length, frame.Length - at)];
        if (Unpack(frame))
        {
            _plain.AsSpan((int)at, into.Length).CopyTo(into);
        }
        else
        {
            into.Clear();
            if (at + into.Length == frame.Length)
                into[^1] = (byte)'\n';
        }

        return into.Length;
    }

    public override void Dispose()
    {
        Return(ref _plain);
        base.Dispose();
    }

    private bool Unpack(Frame frame)
    {
        if (_current == frame)
            return true;
        if (_damaged.Contains(frame))
            return false;

        if (!TryUnpack(frame))
        {
            _damaged.Add(frame);
            return false;
        }

        _current = frame;
        return true;
    }

    private bool TryUnpack(Frame frame)
    {
        if (frame.Crc is not { } crc || frame.Place + frame.Packed > file.Length)
            return false;

        var packed = ArrayPool<byte>.Shared.Rent((int)frame.Packed);
        try
        {
            var bytes = packed.AsSpan(0, (int)frame.Packed);
            file.ReadWhole(bytes, frame.Place);
            if (LogLine.Crc(bytes) != crc)
                return false;

            _current = null;
            if (_plain.Length < frame.Length)
            {
                Return(ref _plain);
                _plain = ArrayPool<byte>.Shared.Rent((int)frame.Length);
            }

            return BrotliDecoder.TryDecompress(bytes, _plain, out var unpacked) && unpacked == frame.Length;
        }
        finally
        {
            Return(ref packed);
        }
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
