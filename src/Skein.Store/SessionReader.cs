using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// Reads a session from the logs that hold it: what a fork inherited stands in its origins' logs, up to a sequence each, and its own
/// goes on with their numbers. Reading opens files for itself and writes nothing.
/// </summary>
internal sealed class SessionReader(LogFolder logs, Disk disk)
{
    private readonly RecentIndexes _indexes = new();

    /// <param name="UpTo">The last sequence that is read from there.</param>
    /// <param name="State">How the log was when reading began.</param>
    private sealed record Stretch(SessionLog? Log, SessionId Session, long After, long UpTo, LogState? State);

    public async IAsyncEnumerable<SessionEvent> ReadAsync(SessionId session, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        var log = logs.Get(session);
        var state = await StateOfAsync(log, cancellationToken);
        if (after > state.Seq)
            throw new CursorAheadException(session, after, state.Seq);

        foreach (var stretch in await StretchesAsync(log, state, after, cancellationToken))
        {
            var last = Math.Max(after, stretch.After);
            if (stretch.Log is { IsGone: false } held && held.JustAppended(last, stretch.UpTo) is { } appended)
            {
                foreach (var e in appended)
                    yield return e;
                continue;
            }

            using var events = await OpenForwardAsync(session, stretch, last, cancellationToken);
            while (events?.Next() is { } e && last < stretch.UpTo)
            {
                cancellationToken.ThrowIfCancellationRequested();
                last = Math.Min(e.Seq, stretch.UpTo);
                if (Within(e, stretch) is { } inside)
                    yield return inside;
            }

            if (last < stretch.UpTo)
                yield return Lacking(stretch, last + 1, stretch.UpTo);
        }
    }

    public async IAsyncEnumerable<SessionEvent> ReadBackAsync(SessionId session, long before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var log = logs.Get(session);
        var state = await StateOfAsync(log, cancellationToken);

        var stretches = await StretchesAsync(log, state, after: 0, cancellationToken);
        foreach (var stretch in stretches.Where(s => s.After + 1 < before).Reverse())
        {
            // A gap that reaches beyond the stretch is cut to it, so it is asked for whole.
            var to = Math.Min(before, stretch.UpTo + 1);
            if (before > stretch.UpTo && (stretch.State is null || stretch.State.Seq < stretch.UpTo))
                yield return Lacking(stretch, Math.Max(stretch.State?.Seq ?? 0, stretch.After) + 1, to - 1);

            using var events = await OpenBackwardAsync(session, stretch, to, before > stretch.UpTo, cancellationToken);
            while (events?.Next() is { } e && e.Seq > stretch.After)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Within(e, stretch) is { } inside)
                    yield return inside;
            }
        }
    }

    public async ValueTask<long?> FindMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken)
    {
        var log = logs.Get(session);
        var state = await StateOfAsync(log, cancellationToken);
        foreach (var stretch in (await StretchesAsync(log, state, after: 0, cancellationToken)).Reverse())
        {
            if (await OpenAsync(session, stretch, cancellationToken) is not var (holder, file, end))
                continue;

            using (file)
            {
                if (IndexOf(holder).FindMessage(file, holder, end, message) is { } e && e.Seq > stretch.After && e.Seq <= stretch.UpTo)
                    return e.Seq;
            }
        }

        return null;
    }

    public async ValueTask<IReadOnlyList<SessionEvent>> FindAppendedAsync(SessionId session, string key, CancellationToken cancellationToken)
    {
        var log = logs.Get(session);
        var state = await StateOfAsync(log, cancellationToken);
        if (log.Writer?.Index.Lacks(key, state.End) == true)
            return [];

        using var file = TryOpen(log) ?? throw new SessionNotFoundException(session);
        return IndexOf(log).FindAppended(file, log, state.End, key);
    }

    // What somebody has in use has been indexed already.
    private LogIndex IndexOf(SessionLog log) => log.Writer?.Index ?? _indexes.Of(log);

    private async ValueTask<IReadOnlyList<Stretch>> StretchesAsync(SessionLog log, LogState state, long after, CancellationToken cancellationToken)
    {
        var stretches = new List<Stretch>();
        var last = 0L;
        foreach (var segment in state.Keys?.Links.Segments ?? [])
        {
            if (segment.UpTo > after)
            {
                var origin = await logs.FindInheritedAsync(segment.Session, cancellationToken);
                stretches.Add(new Stretch(origin, segment.Session, last, segment.UpTo, origin is null ? null : StateOf(origin)));
            }

            last = segment.UpTo;
        }

        stretches.Add(new Stretch(log, log.Id, last, state.Seq, state));
        return stretches;
    }

    /// <exception cref="DamagedException">Nothing of the log can be read: a gap would not tell why.</exception>
    private async ValueTask<LogState> StateOfAsync(SessionLog log, CancellationToken cancellationToken)
    {
        await logs.LookAsync(log, cancellationToken);
        return StateOf(log);
    }

    private static LogState StateOf(SessionLog log) =>
        log.State is { Keys: null, Seq: 0 } nothing ? throw new DamagedException(nothing.Fault!) : log.State;

    private async ValueTask<EventReader?> OpenForwardAsync(SessionId session, Stretch stretch, long after, CancellationToken cancellationToken)
    {
        if (after >= stretch.UpTo || await OpenAsync(session, stretch, cancellationToken) is not var (log, file, end))
            return null;

        var (seq, start) = log.RecentStart(after) is { } recent && recent.Offset <= end
            ? recent
            : (GapTracker.Unknown, LogSearch.StartFor(file, end, after, DamageOf(log)));
        return new EventReader(new LineReader(file, start, end, owns: true), log.Id, log.Name, seq, after);
    }

    private async ValueTask<BackEventReader?> OpenBackwardAsync(
        SessionId session, Stretch stretch, long before, bool wholeGap, CancellationToken cancellationToken)
    {
        if (await OpenAsync(session, stretch, cancellationToken) is not var (log, file, end))
            return null;

        var damage = DamageOf(log);
        var (offset, next) = LogSearch.FirstFrom(file, end, before, damage);
        return new BackEventReader(
            new BackLineReader(file, offset, owns: true), log.Id, log.Name, next, wholeGap ? long.MaxValue : before, damage);
    }

    private KnownDamage DamageOf(SessionLog log) => log.State.Keys is { IsDamaged: true } && logs.Whole(log)?.Row is { } row ? new KnownDamage(row.Damage) : default;

    // The log of an origin goes on after the fork, and a gap in it may reach across the point where it was forked.
    private static SessionEvent? Within(SessionEvent e, Stretch stretch)
    {
        if (e.Body is not Gap gap)
            return e.Seq <= stretch.UpTo ? e : null;

        var (from, to) = (Math.Max(gap.From, stretch.After + 1), Math.Min(gap.To, stretch.UpTo));
        return gap.From <= gap.To && from > to ? null : e with { Seq = to, Body = gap with { From = from, To = to } };
    }

    private static SessionEvent Lacking(Stretch stretch, long from, long to) =>
        EventReader.Missing(new Gap(from, to, SessionLog.NameOf(stretch.Session), stretch.State?.End ?? 0, 0), stretch.Session);

    private async ValueTask<(SessionLog Log, LogFile File, long End)?> OpenAsync(
        SessionId session, Stretch stretch, CancellationToken cancellationToken)
    {
        for (var (log, state) = (stretch.Log, stretch.State); log is not null; state = log is null ? null : StateOf(log))
        {
            if (TryOpen(log) is { } file)
                return (log, file, state!.End);

            // It was purged since reading began. What others inherited of it is still there, under another name.
            if (stretch.Session == session)
                throw new SessionNotFoundException(session);
            log = await logs.FindInheritedAsync(stretch.Session, cancellationToken);
        }

        return null;
    }

    /// <returns>Null where the log was purged.</returns>
    private LogFile? TryOpen(SessionLog log)
    {
        try
        {
            return log.Open(disk);
        }
        catch (FileNotFoundException) when (log.IsGone)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DamagedException($"{log.Name} cannot be read: {e.Message}", e);
        }
    }
}
