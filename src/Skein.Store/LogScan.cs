using Skein.Core;
using Skein.Core.Search;

namespace Skein.Store;

/// <summary>
/// Looks through the logs that hold one session, oldest first, for the events that a search needs. Nearly all lines are passed over as
/// bytes; one is read as JSON where it may have a match, or may hide one.
/// </summary>
internal sealed class LogScan(Disk disk, SearchFold fold, TextMatcher matcher, CancellationToken cancellationToken)
{
    private const int Chunk = 256 * 1024;
    private const int LinesBetweenLooks = 1024;

    // An event whose content stands elsewhere may match without having the text. Within a string the quotes would be escaped.
    private static ReadOnlySpan<byte> BlobName => "\"sha256\":\""u8;

    // The parts that have checkpoints and no end yet, each with its first one.
    private readonly Dictionary<PartId, Place> _arriving = [];
    private int _lines;

    // Up to where in the file neither stands. Both are looked for in all that was read ahead, which is faster than in one line after the other.
    private long _withoutNeedle;
    private long _withoutBlob;

    private readonly record struct Place(SessionLog Log, long Offset, long End);

    /// <param name="end">Where the log ends.</param>
    /// <param name="upTo">The last sequence that counts.</param>
    /// <exception cref="DamagedException">The file cannot be read.</exception>
    public void Read(SessionLog log, long end, long upTo)
    {
        using var lines = Open(log, 0, end);
        (_withoutNeedle, _withoutBlob) = (0, 0);
        while (lines.TryRead(out var line))
        {
            Breathe();
            var kind = LineHead.KindOf(line, out var seq);
            if (seq > upTo)
                return;
            Take(new Place(log, lines.Offset, end), lines, line, kind, seq);
        }
    }

    /// <summary>Hands in the checkpoints of the parts that are still arriving.</summary>
    /// <exception cref="DamagedException">The file cannot be read.</exception>
    public void ReadArriving()
    {
        foreach (var group in _arriving.Values.GroupBy(p => p.Log))
        {
            var first = group.MinBy(p => p.Offset);
            using var lines = Open(first.Log, first.Offset, first.End);
            while (lines.TryRead(out var line))
            {
                Breathe();
                if (LineHead.KindOf(line, out _) == LineKind.PartStreamed && (!LineHead.TryReadPart(line, out var part) || _arriving.ContainsKey(part)))
                    Decode(first with { Offset = lines.Offset }, line);
            }
        }
    }

    private void Take(Place place, LineReader lines, ReadOnlySpan<byte> line, LineKind kind, long seq)
    {
        switch (kind)
        {
            case LineKind.PartStreamed:
                if (LineHead.TryReadPart(line, out var arriving))
                    _arriving.TryAdd(arriving, place);
                break;
            case LineKind.PartAdded:
                Ended(line);
                if (MayMatch(lines, line))
                    Decode(place, line);
                break;
            case LineKind.PartDropped:
                Ended(line);
                break;
            case LineKind.MessageAdded:
                if (MayMatch(lines, line) || !LineHead.TryReadMessage(line, out var message, out var role, out var isWhole))
                    Decode(place, line);
                else
                    fold.Begin(message, seq, role, isWhole);
                break;
            case LineKind.Said:
                if (MayMatch(lines, line))
                    Decode(place, line);
                break;
            case LineKind.TurnStarted:
                fold.BeginTurn();
                break;
            case LineKind.Hiding or LineKind.Unknown:
                Decode(place, line);
                break;
        }
    }

    private bool MayMatch(LineReader lines, ReadOnlySpan<byte> line)
    {
        var end = lines.Offset + line.Length;
        if (end > _withoutNeedle)
            _withoutNeedle = lines.Offset + (matcher.Needle is null ? 0 : Before(matcher.Needle.IndexOf(lines.Ahead), lines.Ahead));
        if (end > _withoutNeedle && matcher.MayMatch(line))
            return true;

        if (end > _withoutBlob)
            _withoutBlob = lines.Offset + Before(lines.Ahead.IndexOf(BlobName), lines.Ahead);
        return end > _withoutBlob;

        static int Before(int place, ReadOnlySpan<byte> ahead) => place < 0 ? ahead.Length : place;
    }

    private void Ended(ReadOnlySpan<byte> line)
    {
        if (_arriving.Count > 0 && LineHead.TryReadPart(line, out var part))
            _arriving.Remove(part);
    }

    // What is damaged is no event: it is told of with the session, and by whoever reads it.
    private void Decode(Place place, ReadOnlySpan<byte> line)
    {
        if (LogLine.IsSealed(line) && EventReader.Decode(line, place.Offset, place.Log.Id, place.Log.Name) is { } e)
            fold.Apply(e);
    }

    private LineReader Open(SessionLog log, long start, long end)
    {
        try
        {
            return new LineReader(log.Open(disk), start, end, Chunk, owns: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DamagedException($"{log.Name} cannot be read: {e.Message}", e);
        }
    }

    private void Breathe()
    {
        if (++_lines % LinesBetweenLooks == 0)
            cancellationToken.ThrowIfCancellationRequested();
    }
}
