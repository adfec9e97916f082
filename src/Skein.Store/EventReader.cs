using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>The events of a stretch of one log, oldest first, with a <see cref="Gap"/> in place of what cannot be read.</summary>
/// <param name="previous">The last sequence before the stretch, or <see cref="GapTracker.Unknown"/> at the beginning of the file.</param>
/// <param name="after">Events up to this sequence are passed over.</param>
internal sealed class EventReader(LineReader lines, SessionId session, string file, long previous, long after) : IDisposable
{
    private readonly GapTracker _gaps = new(file, previous);
    private SessionEvent? _held;

    /// <returns>Null at the end.</returns>
    public SessionEvent? Next()
    {
        if (_held is { } held)
        {
            _held = null;
            return held;
        }

        while (lines.TryRead(out var line))
        {
            if (!LogLine.TryOpen(line, out var seq, out _) || !_gaps.Fits(seq))
            {
                _gaps.OnDamage(lines.Offset, line);
                continue;
            }

            SessionEvent? e = null;
            if (seq > after && (e = Decode(line, lines.Offset, session, file)) is null)
            {
                _gaps.OnDamage(lines.Offset, line);
                continue;
            }

            if (_gaps.OnLine(seq, lines.Offset) is { } gap && gap.To > after)
            {
                _held = e;
                return Missing(gap, session);
            }

            if (e is not null)
                return e;
        }

        return _gaps.OnEnd() is { } last && last.To > after ? Missing(last, session) : null;
    }

    public void Dispose() => lines.Dispose();

    /// <summary>An event whose line is sealed; null when the line is no event of the session.</summary>
    /// <exception cref="DamagedException">The file is of a later version, or another session's.</exception>
    public static SessionEvent? Decode(ReadOnlySpan<byte> line, long offset, SessionId session, string file)
    {
        try
        {
            var e = EventCodec.Decode(line, session);
            if (e.Session == session)
                return e;

            // Another log that was put behind this one does not take what stands before it.
            return offset > 0 ? null : throw new DamagedException($"{file} says that it is the log of {e.Session}: a log's name must be its session's id.");
        }
        catch (JsonException e) when (offset == 0)
        {
            // Whole but not understood: nothing that follows would be, and calling it damaged would be wrong.
            throw new DamagedException($"{file} cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A gap as an event. It has no time of its own; the session's is the one that every reader finds again.</summary>
    public static SessionEvent Missing(Gap gap, SessionId session) => new(session, gap.To, session.Time, gap);
}
