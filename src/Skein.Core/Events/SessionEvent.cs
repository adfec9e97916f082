namespace Skein.Core.Events;

/// <summary>Who caused an event.</summary>
/// <param name="Who">The kind of client or part, for example <c>cli</c>, <c>api</c>, <c>skein</c>.</param>
/// <param name="Key">The Idempotency-Key of the request that caused the event; unique in its session.</param>
public sealed record Cause(string Who, string? Key = null);

/// <summary>One event of a session's log.</summary>
/// <param name="Session">The session whose log holds it: in a fork, the origin's for what is inherited.</param>
/// <param name="Seq">1, 2, 3 … without gaps; a fork goes on with its origin's numbers. Order is by it alone.</param>
/// <param name="At">When it was appended, UTC, to the millisecond. The clock may have been wrong.</param>
/// <param name="Body">A <see cref="Gap"/> stands for sequences that cannot be read; its <paramref name="Seq"/> is the last of them.</param>
/// <param name="More">The event is part of an atomic batch that goes on with the next one.</param>
public sealed record SessionEvent(SessionId Session, long Seq, DateTimeOffset At, EventBody Body, Cause? By = null, bool More = false)
{
    /// <summary>The name in the log, for example <c>turn.started</c>.</summary>
    public string Type => EventNames.Of(Body);
}
