using Skein.Core.Events;

namespace Skein.Store;

/// <summary>Notices, while a log is read forward, which sequences are missing.</summary>
/// <param name="file">The log's name, relative to the store.</param>
/// <param name="previous">The last sequence before the stretch; <see cref="Unknown"/> at the beginning of a file.</param>
internal sealed class GapTracker(string file, long previous)
{
    /// <summary>A file begins at 1, a fork's with the number after its origin's: its first line tells.</summary>
    public const long Unknown = -1;

    private DamagedRegion _damaged;

    /// <summary>The last sequence so far, lost ones included.</summary>
    public long Last { get; private set; } = previous;

    /// <summary>Whether a line that is as it was written has its place here.</summary>
    public bool Fits(long seq) => seq > Last;

    /// <returns>What is missing before this line; null when nothing is.</returns>
    public Gap? OnLine(long seq, long offset)
    {
        if (Last == Unknown)
            Last = FirstPrevious(seq, _damaged.Lines);

        var gap = _damaged.Lines > 0 || seq != Last + 1
            ? new Gap(Last + 1, seq - 1, file, _damaged.Lines > 0 ? _damaged.Offset : offset, _damaged.Length)
            : null;
        _damaged = default;
        Last = seq;
        return gap;
    }

    public void OnDamage(long offset, ReadOnlySpan<byte> line) => _damaged.Add(offset, line);

    /// <returns>What is missing at the end; null when nothing is.</returns>
    public Gap? OnEnd()
    {
        if (_damaged.Lines == 0)
            return null;

        Last = Math.Max(Last, 0);
        var gap = new Gap(Last + 1, _damaged.LastLost(Last), file, _damaged.Offset, _damaged.Length);
        _damaged = default;
        Last = gap.To;
        return gap;
    }

    /// <summary>The sequence before a file's first line, told by its first readable one.</summary>
    public static long FirstPrevious(long seq, int damagedLines) => Math.Max(0, seq - 1 - damagedLines);
}
