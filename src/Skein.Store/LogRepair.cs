using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// Mends the end of a log whose writer may have died: an append that never finished is cut and kept aside, a whole line is given its line
/// end. Damage is told, never cut.
/// </summary>
internal static class LogRepair
{
    /// <summary>Behind the log's name, then the byte from which on it was cut: what was an append that never finished.</summary>
    public const string TornMark = ".torn-";

    /// <param name="file">Open for writing.</param>
    /// <param name="known">What is known of the log already; null where nothing is.</param>
    /// <param name="blobs">The folder of what events name.</param>
    /// <returns>What is known now, and what was done about it.</returns>
    /// <exception cref="IOException">The disk refused; what was there is still there, or aside.</exception>
    public static (LogState State, IReadOnlyList<Repair> Repairs) Mend(
        Disk disk, SafeFileHandle file, SessionLog log, LogState? known, string blobs)
    {
        var repairs = new List<Repair>();
        var bytes = new PlainFile(disk, file, log.Path);
        disk.Flush(file);
        var end = MendTail(disk, file, bytes, log, repairs);

        var (damage, missing) = LogFold.FindLosses(bytes, log, end, blobs);
        if (known?.Row is null || known.End > end || !damage.SequenceEqual(known.Row.Damage))
            known = LogFold.Fold(bytes, log, end, from: null);
        else if (known.End < end)
            known = LogFold.Fold(bytes, log, end, known);

        TellDamage(bytes, log, known, repairs);
        TellMissingBlobs(bytes, log, known, missing, repairs);
        return (known, repairs);
    }

    private static long MendTail(Disk disk, SafeFileHandle file, PlainFile bytes, SessionLog log, List<Repair> repairs)
    {
        var length = bytes.Length;
        var tail = LogTail.Find(bytes);
        var end = tail.WholeUntil ?? tail.Committed;

        if (length > end)
        {
            var aside = KeepAside(disk, bytes, log, end, length);
            disk.Truncate(file, end);
            repairs.Add(new Repair("torn", $"{length - end} bytes at the end of {log.Name}, from byte {end}, were an append that never finished: they were cut and are kept in {aside}."));
        }

        if (tail.WholeUntil is not null)
        {
            disk.Write(file, "\n"u8, end);
            repairs.Add(new Repair("newline", $"The last line of {log.Name} lacked its line end at byte {end}: it was completed."));
            end++;
        }

        if (repairs.Count > 0)
            disk.Flush(file);
        return end;
    }

    private static string KeepAside(Disk disk, PlainFile file, SessionLog log, long from, long to)
    {
        var name = $"{log.Name}{TornMark}{from}";
        var path = $"{log.Path}{TornMark}{from}";
        for (var again = 2; File.Exists(path); again++)
        {
            name = $"{log.Name}{TornMark}{from}-{again}";
            path = $"{log.Path}{TornMark}{from}-{again}";
        }

        using (var aside = disk.Create(path))
        {
            var chunk = new byte[(int)Math.Min(to - from, LineReader.Chunk)];
            for (var at = from; at < to;)
            {
                var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, to - at));
                var read = file.ReadAt(part, at);
                disk.Write(aside, part[..read], at - from);
                at += read;
            }

            disk.Flush(aside);
        }

        disk.FlushFolder(Path.GetDirectoryName(path)!);
        return name;
    }

    // Each damage is told once: by whoever opens the log first after it happened, and then it stands in the log.
    private static void TellDamage(LogFile file, SessionLog log, LogState state, List<Repair> repairs)
    {
        if (state.Row is not { Damage: [var first, ..] damage })
            return;

        var told = LogFold.FindReported(file, log, first.Offset, state.End);
        repairs.AddRange(damage.Select(Describe).Where(r => !told.Contains(r.What)));
    }

    // Nothing brings it back; what the event itself says of it, as the head and the tail of an output, is still there.
    private static void TellMissingBlobs(
        LogFile file, SessionLog log, LogState state, IReadOnlyList<(long Seq, BlobRef Blob)> missing, List<Repair> repairs)
    {
        if (missing.Count == 0)
            return;

        var told = LogFold.FindReported(file, log, 0, state.End);
        repairs.AddRange(missing
            .Select(b => new Repair("blob", $"Blob {b.Blob.Sha256} ({b.Blob.Size} bytes, {b.Blob.MediaType}), which event {b.Seq} names, is missing."))
            .Where(r => !told.Contains(r.What)));
    }

    private static Repair Describe(Gap gap)
    {
        var lost = gap.From > gap.To ? "No event was lost" : gap.From == gap.To ? $"Event {gap.From} was lost" : $"Events {gap.From} to {gap.To} were lost";
        return new Repair("damage", $"{lost}: {gap.Length} bytes of {gap.File}, from byte {gap.Offset}, cannot be read.");
    }
}
