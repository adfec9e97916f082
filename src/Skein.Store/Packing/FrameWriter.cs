using System.Buffers;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Skein.Store.Packing;

/// <summary>Writes a log as frames of whole lines.</summary>
/// <param name="total">Bytes of its plain form, the last of which ends a line.</param>
/// <param name="frameLength">Bytes of the plain form that a frame has at most, unless it is one longer line.</param>
internal sealed class FrameWriter(Disk disk, SafeFileHandle file, long total, int frameLength)
{
    private const int Quality = 5;
    private const int LeastWindow = 18;
    private const int MostWindow = 24;

    private readonly ArrayBufferWriter<byte> _lines = new(frameLength);
    private readonly List<Frame> _frames = [];
    private long _offset;
    private long _place;

    /// <returns>Bytes that were written.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public long Write(LogFile log, CancellationToken cancellationToken)
    {
        using var lines = new LineReader(log, 0, total);
        while (lines.TryRead(out var line))
        {
            if (_lines.WrittenCount > 0 && _lines.WrittenCount + line.Length >= frameLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                WriteFrame();
            }

            _lines.Write(line);
            _lines.Write("\n"u8);
        }

        if (_lines.WrittenCount > 0)
            WriteFrame();
        var index = Frame.WriteIndex(_frames);
        disk.Write(file, index, _place);
        return _place + index.Length;
    }

    private void WriteFrame()
    {
        var plain = _lines.WrittenSpan;
        var bytes = ArrayPool<byte>.Shared.Rent(Frame.HeaderLength + BrotliEncoder.GetMaxCompressedLength(plain.Length));
        try
        {
            // A larger window than the frame takes memory and finds nothing.
            var window = LeastWindow;
            while (window < MostWindow && 1 << window < plain.Length)
                window++;
            if (!BrotliEncoder.TryCompress(plain, bytes.AsSpan(Frame.HeaderLength), out var packed, Quality, window))
                throw new InvalidOperationException($"{plain.Length} bytes were not compressed into {bytes.Length}.");

            var frame = new Frame(_offset, plain.Length, _place + Frame.HeaderLength, packed, total, LogLine.Crc(bytes.AsSpan(Frame.HeaderLength, packed)));
            frame.WriteHeader(bytes);
            disk.Write(file, bytes.AsSpan(0, Frame.HeaderLength + packed), _place);
            _frames.Add(frame);
            _offset += plain.Length;
            _place += Frame.HeaderLength + packed;
            _lines.ResetWrittenCount();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
