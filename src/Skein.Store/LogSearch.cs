namespace Skein.Store;

/// <summary>Finds a sequence in a log without reading all of it: sequences rise, so the bytes can be searched by halves.</summary>
internal static class LogSearch
{
    private const int Probe = 8 * 1024;

    /// <summary>
    /// The beginning of a line from which the events after a sequence are at most a chunk away: it holds that sequence or an earlier one,
    /// or is the beginning of the file.
    /// </summary>
    /// <param name="end">Where the log ends.</param>
    public static long StartFor(LogFile file, long end, long after, KnownDamage damage)
    {
        var (low, high) = (0L, end);
        while (high - low > LineReader.Chunk)
        {
            var middle = low + ((high - low) / 2);
            if (FirstLine(file, middle, high, damage) is { } line && line.Seq <= after)
                low = line.Offset;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Where the first line begins that has this sequence or a later one, and which it has.</summary>
    /// <returns>The end of the log and null where there is no such line.</returns>
    public static (long Offset, long? Seq) FirstFrom(LogFile file, long end, long seq, KnownDamage damage)
    {
        if (seq == long.MaxValue)
            return (end, null);

        var start = StartFor(file, end, seq - 1, damage);
        using var lines = new LineReader(file, start, end);
        while (lines.TryRead(out var line))
        {
            if (LogLine.TryOpen(line, out var found, out _) && found >= seq && !damage.Has(lines.Offset))
                return (lines.Offset, found);
        }

        return (end, null);
    }

    // Damaged lines tell no sequence and are passed over.
    private static (long Offset, long Seq)? FirstLine(LogFile file, long from, long to, KnownDamage damage)
    {
        // One byte earlier: if that is a line end, the line that begins at `from` is found too.
        using var lines = new LineReader(file, from - 1, to, Probe);
        lines.TryRead(out _);
        while (lines.TryRead(out var line))
        {
            if (LogLine.TryOpen(line, out var seq, out _) && !damage.Has(lines.Offset))
                return (lines.Offset, seq);
        }

        return null;
    }
}
