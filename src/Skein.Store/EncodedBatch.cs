using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>Bodies that became events: numbered, dated and encoded, but not yet written.</summary>
internal sealed record EncodedBatch(IReadOnlyList<SessionEvent> Events, IReadOnlyList<ReadOnlyMemory<byte>> Json)
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <param name="lastSeq">The sequence before the batch.</param>
    /// <param name="isFirstOfFile">Whether the first event carries the format's version and the session's id.</param>
    public static EncodedBatch Encode(
        SessionId session, long lastSeq, IReadOnlyList<EventBody> bodies, Cause? by, TimeProvider time, bool isFirstOfFile)
    {
        if (bodies.Count == 0)
            throw new ArgumentException("An append has at least one event.", nameof(bodies));

        var now = time.GetUtcNow().ToUniversalTime();
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        var events = new SessionEvent[bodies.Count];
        var json = new ReadOnlyMemory<byte>[bodies.Count];
        for (var i = 0; i < events.Length; i++)
        {
            if (bodies[i] is Gap)
                throw new ArgumentException("A gap stands for what is lost; it is never appended.", nameof(bodies));

            events[i] = new SessionEvent(session, lastSeq + 1 + i, at, bodies[i], by, More: i < events.Length - 1);
            json[i] = EventCodec.Encode(events[i], withSession: isFirstOfFile && i == 0);

            // Text that was made safe has U+FFFD, as itself or as an escape: what is answered is what is stored.
            if (json[i].Span.IndexOf(Replacement) >= 0 || json[i].Span.IndexOf("\\u"u8) >= 0)
                events[i] = EventCodec.Decode(json[i].Span, session);
        }

        return new EncodedBatch(events, json);
    }
}
