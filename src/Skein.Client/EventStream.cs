using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Client;

/// <summary>Server-sent events that go on over a lost connection.</summary>
internal sealed class EventStream(Connection connection)
{
    public async IAsyncEnumerable<FeedFrame> FollowAsync(
        SessionId session, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = after;
        var frames = ReadAsync(
            () => new ApiRequest(HttpMethod.Get, $"v1/sessions/{session}/events?after={last}", session) { After = last, IsStream = true },
            cancellationToken);

        await foreach (var item in frames.ConfigureAwait(false))
        {
            var frame = Decode(item, session);
            if (frame is EventFrame { Event: var e })
            {
                if (e.Seq <= last && e.Body is not Gap)
                    continue;
                last = Math.Max(last, e.Seq);
            }

            if (frame is not null)
                yield return frame;
        }
    }

    public async IAsyncEnumerable<SessionRow> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var frames = ReadAsync(static () => new ApiRequest(HttpMethod.Get, "v1/events") { IsStream = true }, cancellationToken);
        await foreach (var item in frames.ConfigureAwait(false))
        {
            if (item.EventType == "session")
                yield return Parse(item, SkeinJson.Relaxed.SessionRow);
        }
    }

    // A frame without a sequence that this version does not know is something live that it can do without.
    private static FeedFrame? Decode(SseItem<byte[]> item, SessionId session) => item switch
    {
        { EventType: "part.delta" } => new DeltaFrame(Parse(item, SkeinJson.Relaxed.PartDelta)),
        { EventType: "gap" } => GapOf(Parse(item, SkeinJson.Relaxed.GapFrame), session),
        { EventId: not null } => new EventFrame(EventCodec.Decode(item.Data, session)),
        _ => null,
    };

    // Where the damage stands, and since when, only the server knows.
    private static EventFrame GapOf(GapFrame gap, SessionId session) =>
        new(new SessionEvent(session, gap.To, default, new Gap(gap.From, gap.To, "", 0, 0)));

    private static T Parse<T>(SseItem<byte[]> item, JsonTypeInfo<T> shape) =>
        JsonSerializer.Deserialize(item.Data, shape) ?? throw new JsonException($"A frame '{item.EventType}' holds null.");

    private async IAsyncEnumerable<SseItem<byte[]>> ReadAsync(
        Func<ApiRequest> request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var backoff = new Backoff(connection.Options.Time);
        while (true)
        {
            // Waits for a server that is away, as any call does.
            var body = await connection.OpenAsync(request(), cancellationToken).ConfigureAwait(false);
            using (var stream = new WatchedStream(body, connection.Options.Silence, connection.Options.Time))
            {
                var items = SseParser.Create(stream, static (_, data) => data.ToArray()).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
                await using var owned = items.ConfigureAwait(false);
                while (await TryNextAsync(items).ConfigureAwait(false))
                {
                    backoff.Reset();
                    yield return items.Current;
                }
            }

            await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>False at the stream's end, however it came.</returns>
    private static async ValueTask<bool> TryNextAsync(IAsyncEnumerator<SseItem<byte[]>> items)
    {
        try
        {
            return await items.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // Lost: the caller comes again with the last sequence it was given.
            return false;
        }
    }
}
