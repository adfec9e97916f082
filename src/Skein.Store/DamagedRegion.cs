using System.Buffers.Text;

namespace Skein.Store;

/// <summary>Neighbouring lines that cannot be read, and what can be told of how many events they were.</summary>
internal struct DamagedRegion
{
    /// <summary>No event's line is shorter.</summary>
    private const int ShortestLine = 64;

    /// <summary>One flipped bit makes one such byte; a block of zeros or of another file makes hundreds.</summary>
    private const int ManyOddBytes = 16;

    private int _events;
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
        _events += Events(line);
    }

    /// <summary>
    /// The last sequence that may have stood here, where nothing after it tells. It may be too high, which only leaves a hole in the
    /// numbers, but must not be too low: a sequence that somebody was told is never used again.
    /// </summary>
    /// <param name="previous">The last sequence before.</param>
    public readonly long LastLost(long previous)
    {
        var most = (Length / ShortestLine) + 1;
        return previous + (_oddBytes >= ManyOddBytes ? most : Math.Max(Lines, Math.Min(_events, most)));
    }

    // A lost line end joins two events into one line: both still begin as events do.
    private static int Events(ReadOnlySpan<byte> line)
    {
        var events = 0;
        while (line.IndexOf("\"seq\":"u8) is var at and >= 0)
        {
            line = line[(at + 6)..];
            if (Utf8Parser.TryParse(line, out long _, out var read) && line[read..].StartsWith(",\"at\":\""u8))
                events++;
        }

        return events;
    }
}
