namespace Skein.Store;

/// <summary>How a log ends.</summary>
/// <param name="Committed">The first byte after the last whole batch: what readers see.</param>
/// <param name="WholeUntil">
/// Where a whole line ends that closes its batch and lacks nothing but its line end; null where there is none. Only a writer completes it.
/// </param>
internal sealed record LogTail(long Committed, long? WholeUntil)
{
    public static LogTail Find(LogFile file)
    {
        var length = file.Length;
        var lastLineEnd = LastLineEnd(file, length);
        var whole = WholeLine(file, lastLineEnd, length);

        // A batch is whole when a line without "more" closes it. A damaged line may have been that line: nothing before it is cut.
        var committed = lastLineEnd;
        using var lines = new BackLineReader(file, lastLineEnd);
        while (lines.TryRead(out var line) && LogLine.TryOpen(line, out _, out var more) && more)
            committed = lines.Offset;

        return new LogTail(committed, whole);
    }

    private static long LastLineEnd(LogFile file, long length)
    {
        var chunk = new byte[(int)Math.Min(length, LineReader.Chunk)];
        for (var end = length; end > 0;)
        {
            var start = Math.Max(0, end - chunk.Length);
            var part = chunk.AsSpan(0, (int)(end - start));
            for (var read = 0; read < part.Length;)
                read += file.ReadAt(part[read..], start + read);

            if (part.LastIndexOf((byte)'\n') is var found and >= 0)
                return start + found + 1;
            end = start;
        }

        return 0;
    }

    private static long? WholeLine(LogFile file, long start, long length)
    {
        if (start == length)
            return null;

        using var lines = new LineReader(file, start, length);
        lines.TryRead(out _);
        var sealedLength = LogLine.SealedPrefix(lines.Rest);
        return sealedLength > 0 && LogLine.TryOpen(lines.Rest[..sealedLength], out _, out var more) && !more ? start + sealedLength : null;
    }
}
