using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>The events of one log before a sequence, newest first, with a <see cref="Gap"/> in place of what cannot be read.</summary>
/// <param name="next">The sequence of the line where reading begins; null at the end of the log.</param>
/// <param name="before">Events from this sequence on are passed over.</param>
internal sealed class BackEventReader(BackLineReader lines, SessionId session, string file, long? next, long before, KnownDamage damage) : IDisposable
{
    private long? _next = next;
    private SessionEvent? _held;
    private DamagedRegion _damaged;

    /// <returns>Null at the beginning of the file.</returns>
    public SessionEvent? Next()
    {
        if (_held is { } held)
        {
            _held = null;
            return held;
        }

        while (lines.TryRead(out var line))
        {
            if (damage.Has(lines.Offset) || !LogLine.TryOpen(line, out var seq, out _) || seq >= _next || EventReader.Decode(line, lines.Offset, session, file) is not { } e)
            {
                _damaged.Add(lines.Offset, line);
                continue;
            }

            var gap = GapAfter(seq, lines.Offset + line.Length + 1);
            _next = seq;
            if (gap is not null)
            {
                _held = e;
                return EventReader.Missing(gap, session);
            }

            return e;
        }

        if (_damaged.Lines == 0)
            return null;

        var first = GapAfter(_next is { } n ? GapTracker.FirstPrevious(n, _damaged.Lines) : 0, 0);
        _next = null;
        return first is null ? null : EventReader.Missing(first, session);
    }

    public void Dispose() => lines.Dispose();

    private Gap? GapAfter(long previous, long offset)
    {
        var to = _next - 1 ?? (_damaged.Lines > 0 ? _damaged.LastLost(previous) : previous);
        var gap = (_damaged.Lines > 0 || to > previous) && to < before
            ? new Gap(previous + 1, to, file, _damaged.Lines > 0 ? _damaged.Offset : offset, _damaged.Length)
            : null;
        _damaged = default;
        return gap;
    }
}
