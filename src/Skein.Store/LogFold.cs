using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>Makes a log's row from its events, and tells what of it is damaged.</summary>
internal static class LogFold
{
    /// <summary>Folds what stands before <paramref name="end"/>.</summary>
    /// <param name="from">What is known already; null folds from the beginning.</param>
    public static LogState Fold(LogFile file, SessionLog log, long end, LogState? from)
    {
        if (from is { Row: not null } && !GoesOn(file, from))
            from = null;
        var row = from?.Row;
        var seq = row is null ? GapTracker.Unknown : from!.Seq;
        string? fault = null;

        using var events = new EventReader(
            new LineReader(file, row is null ? 0 : from!.End, end), log.Id, log.Name, seq, after: 0);
        try
        {
            while (events.Next() is { } e)
            {
                seq = e.Seq;
                if (fault is not null)
                    continue;
                if (row is null && e.Body is Gap gap)
                    fault = $"{log.Name} cannot be read: its first line is damaged ({gap.Length} bytes from byte {gap.Offset}).";
                else
                    row = row.Apply(e);
            }
        }
        catch (DamagedException e) when (e.InnerException is not IOException)
        {
            // What the file is does not change. That the disk does not answer may: it is the caller's, who asks again.
            fault = e.Message;
        }

        if (row is null && fault is null)
            fault = $"{log.Name} cannot be read: it has no whole event.";
        return new LogState(Math.Max(seq, 0), end, fault is null ? row : null, fault);
    }

    // A log that another hand changed may be longer as well, and no line may begin where the known ones ended.
    private static bool GoesOn(LogFile file, LogState known)
    {
        using var lines = new BackLineReader(file, known.End);
        return lines.TryRead(out var line) && LogLine.TryOpen(line, out var seq, out _) && seq == known.Seq;
    }

    /// <summary>
    /// What of a log is lost: its holes by its checksums alone, which is many times faster than to fold it, and what its events name
    /// that is not there, by the first event that names it. One walk over the file.
    /// </summary>
    /// <param name="blobs">The folder of blobs.</param>
    public static (IReadOnlyList<Gap> Damage, IReadOnlyList<(long Seq, BlobRef Blob)> MissingBlobs) FindLosses(
        LogFile file, SessionLog log, long end, string blobs)
    {
        var damage = new List<Gap>();
        var missing = new List<(long, BlobRef)>();
        var looked = new HashSet<string>(StringComparer.Ordinal);
        var gaps = new GapTracker(log.Name, GapTracker.Unknown);
        using var lines = new LineReader(file, 0, end);
        while (lines.TryRead(out var line))
        {
            if (!LogLine.TryOpen(line, out var seq, out _) || !gaps.Fits(seq))
            {
                gaps.OnDamage(lines.Offset, line);
                continue;
            }

            if (gaps.OnLine(seq, lines.Offset) is { } gap)
                damage.Add(gap);
            if (line.IndexOf("\"sha256\":\""u8) >= 0 && EventReader.Decode(line, lines.Offset, log.Id, log.Name) is { } e)
                missing.AddRange(NamedBlobs.Of(e.Body).Where(b => looked.Add(b.Sha256) && !File.Exists(BlobFolder.PathOf(blobs, b.Sha256))).Select(b => (seq, b)));
        }

        if (gaps.OnEnd() is { } last)
            damage.Add(last);
        return (damage, missing);
    }

    /// <summary>The repairs that were told in the log itself, by their sentence.</summary>
    /// <param name="start">The beginning of a line; what was told before does not matter.</param>
    public static IReadOnlySet<string> FindReported(LogFile file, SessionLog log, long start, long end)
    {
        var told = new HashSet<string>();
        using var events = new EventReader(new LineReader(file, start, end), log.Id, log.Name, GapTracker.Unknown, after: 0);
        while (events.Next() is { } e)
        {
            if (e.Body is SessionRepaired repaired)
                told.UnionWith(repaired.Repairs.Select(r => r.What));
        }

        return told;
    }
}
