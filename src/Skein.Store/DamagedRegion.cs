using System.Buffers.Text;

namespace Skein.Store;

/// <summary>Neighbouring lines that cannot be read, and what can be told of how many events they were.</summary>
internal struct DamagedRegion
{
    /// <summary>No event's line is shorter.</summary>
    private const int ShortestLine = 64;

    /// <summary>One flipped bit makes one such byte; a block of zeros or of another file makes hundreds.</summary>
    private const int ManyOddBytes = 16;

    private long _highestSeq;
    private int _oddBytes;

    public long Offset { get; private set; }
    public long Length { get; private set; }
    public int Lines { get; private set; }

    /// <summary>Adds a line, before or after those it has.</summary>
    /// <param name="line">Without its end.</param>
    public void Add(long offset, ReadOnlySpan<byte> line)
    {
        Offset = Lines == 0 ? offset : Math.Min(Offset, offset);
        Length += line.Length + 1;
        Lines++;
        foreach (var b in line)
            _oddBytes += b < ' ' ? 1 : 0;
        _highestSeq = Math.Max(_highestSeq, HighestSeq(line));
    }

    /// <summary>
    /// The last sequence that may have stood here, where nothing after it tells. It may be too high, which only leaves a hole in the
    /// numbers, but must not be too low: a sequence that somebody was told is never used again.
    /// </summary>
    /// <param name="previous">The last sequence before.</param>
    public readonly long LastLost(long previous)
    {
        var most = previous + (Length / ShortestLine) + 1;
        if (_oddBytes >= ManyOddBytes)
            return most;

        return _highestSeq <= most ? Math.Max(previous + Lines, _highestSeq) : previous + Lines;
    }

    // A lost line end joins two events into one line: both still say their sequence.
    private static long HighestSeq(ReadOnlySpan<byte> line)
    {
        var highest = 0L;
        while (line.IndexOf("\"seq\":"u8) is var at and >= 0)
        {
            line = line[(at + 6)..];
            if (Utf8Parser.TryParse(line, out long seq, out var read) && line[read..].StartsWith(",\"at\":\""u8))
                highest = Math.Max(highest, seq);
        }

        return highest;
    }
}
