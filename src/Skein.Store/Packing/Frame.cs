using System.Buffers.Binary;

namespace Skein.Store.Packing;

/// <summary>
/// One stretch of whole lines of a log, compressed for itself. In the file stand a header and the compressed bytes, one frame after the
/// other, and behind them the index. Numbers are little-endian; the drawing is <c>docs/log-format.md</c>.
/// <code>
/// header  "SkFr" │ offset 8 │ length 4 │ packed 4 │ total 8 │ crc of the packed bytes 4 │ crc of the 32 bytes before 4
/// index            offset 8 │ length 4 │ packed 4 │ total 8 │ crc of the packed bytes 4     for every frame
/// end     "SkIx" │ frames 4 │ crc of the index and the 8 bytes before 4
/// </code>
/// </summary>
/// <param name="Offset">Where it begins in the plain log.</param>
/// <param name="Length">Bytes of the plain log.</param>
/// <param name="Place">Where its compressed bytes begin in the file.</param>
/// <param name="Packed">Compressed bytes.</param>
/// <param name="Total">Bytes of the whole plain log: whichever frame is left tells how much is missing.</param>
/// <param name="Crc">CRC-32C of the compressed bytes; null where no header can be read, so that nothing says what stands there.</param>
internal sealed record Frame(long Offset, long Length, long Place, long Packed, long Total, uint? Crc)
{
    public const int HeaderLength = 36;
    public const int EntryLength = 28;
    public const int EndLength = 12;

    private static ReadOnlySpan<byte> IndexMark => "SkIx"u8;

    public static ReadOnlySpan<byte> Mark => "SkFr"u8;

    public void WriteHeader(Span<byte> into)
    {
        Mark.CopyTo(into);
        WriteEntry(into[4..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[32..], LogLine.Crc(into[..32]));
    }

    /// <param name="place">Where the header begins in the file.</param>
    /// <returns>Null where it is none.</returns>
    public static Frame? ReadHeader(ReadOnlySpan<byte> header, long place) =>
        header.StartsWith(Mark) && BinaryPrimitives.ReadUInt32LittleEndian(header[32..]) == LogLine.Crc(header[..32])
            ? ReadEntry(header[4..], place)
            : null;

    public static byte[] WriteIndex(IReadOnlyList<Frame> frames)
    {
        var index = new byte[IndexLength(frames.Count)];
        for (var i = 0; i < frames.Count; i++)
            frames[i].WriteEntry(index.AsSpan(i * EntryLength));

        var end = index.AsSpan(^EndLength..);
        IndexMark.CopyTo(end);
        BinaryPrimitives.WriteInt32LittleEndian(end[4..], frames.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[8..], LogLine.Crc(index.AsSpan(..^4)));
        return index;
    }

    /// <summary>How long the index of a file is, by its last bytes; null where they are not the end of one.</summary>
    public static long? IndexLengthOf(ReadOnlySpan<byte> end) =>
        end.StartsWith(IndexMark) && BinaryPrimitives.ReadInt32LittleEndian(end[4..]) is var frames and >= 0 ? IndexLength(frames) : null;

    /// <returns>Null where it is damaged.</returns>
    public static IReadOnlyList<Frame>? ReadIndex(ReadOnlySpan<byte> index)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(index[^4..]) != LogLine.Crc(index[..^4]))
            return null;

        var frames = new List<Frame>();
        for (var (at, place) = (0, 0L); at < index.Length - EndLength; at += EntryLength)
        {
            frames.Add(ReadEntry(index[at..], place));
            place += HeaderLength + frames[^1].Packed;
        }

        return frames;
    }

    private static long IndexLength(int frames) => ((long)frames * EntryLength) + EndLength;

    private static Frame ReadEntry(ReadOnlySpan<byte> entry, long place) => new(
        BinaryPrimitives.ReadInt64LittleEndian(entry),
        BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]),
        place + HeaderLength,
        BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]),
        BinaryPrimitives.ReadInt64LittleEndian(entry[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]));

    private void WriteEntry(Span<byte> into)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], checked((uint)Length));
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], checked((uint)Packed));
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], Total);
        BinaryPrimitives.WriteUInt32LittleEndian(into[24..], Crc ?? 0);
    }
}
