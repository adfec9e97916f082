using Microsoft.Win32.SafeHandles;

namespace Skein.Store;

/// <summary>How a log ends.</summary>
/// <param name="Committed">The first byte after the last whole batch: what readers see.</param>
/// <param name="WholeUntil">
/// Where a whole line ends that closes its batch and lacks nothing but its line end; null where there is none. Only a writer completes it.
/// </param>
internal sealed record LogTail(long Committed, long? WholeUntil)
{
    public static LogTail Find(Disk disk, SafeFileHandle file, string path, long length)
    {
        var lastLineEnd = LastLineEnd(disk, file, path, length);
        var whole = WholeLine(disk, file, path, lastLineEnd, length);

        // A batch is whole when a line without "more" closes it. A damaged line may have been that line: nothing before it is cut.
        var committed = lastLineEnd;
        using var lines = new BackLineReader(disk, file, path, lastLineEnd);
        while (lines.TryRead(out var line) && LogLine.TryOpen(line, out _, out var more) && more)
            committed = lines.Offset;

        return new LogTail(committed, whole);
    }

    private static long LastLineEnd(Disk disk, SafeFileHandle file, string path, long length)
    {
        var chunk = new byte[(int)Math.Min(length, LineReader.Chunk)];
        for (var end = length; end > 0;)
        {
            var start = Math.Max(0, end - chunk.Length);
            var part = chunk.AsSpan(0, (int)(end - start));
            for (var read = 0; read < part.Length;)
                read += LineReader.ReadAt(disk, file, path, part[read..], start + read);

            if (part.LastIndexOf((byte)'\n') is var found and >= 0)
                return start + found + 1;
            end = start;
        }

        return 0;
    }

    private static long? WholeLine(Disk disk, SafeFileHandle file, string path, long start, long length)
    {
        if (start == length)
            return null;

        using var lines = new LineReader(disk, file, path, start, length);
        lines.TryRead(out _);
        var sealedLength = LogLine.SealedPrefix(lines.Rest);
        return sealedLength > 0 && LogLine.TryOpen(lines.Rest[..sealedLength], out _, out var more) && !more ? start + sealedLength : null;
    }
}
