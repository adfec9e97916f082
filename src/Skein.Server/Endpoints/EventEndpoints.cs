using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server.Endpoints;

/// <summary>Following: one session from a sequence, or the rows of all.</summary>
internal static class EventEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        const string EventStream = "text/event-stream";
        routes.MapGet("/v1/sessions/{id}/events", FollowAsync).WithTags("events").WithSummary("The session's events after a sequence, then those to come (SSE)")
            .WithMetadata(new QueryNames("after")).Produces(StatusCodes.Status200OK, contentType: EventStream);
        routes.MapGet("/v1/events", WatchAsync).WithTags("events").WithSummary("The rows of live sessions, then every row as it changes (SSE)")
            .Produces(StatusCodes.Status200OK, contentType: EventStream);
    }

    private static async Task FollowAsync(string id, HttpContext context, Sessions sessions, EventStreams streams, CancellationToken cancellationToken)
    {
        var session = SessionId.Parse(id);
        var after = After(context.Request);

        // Looked at before the stream begins: after its first byte there are no statuses to answer.
        var view = await sessions.GetAsync(session, cancellationToken);
        if (after > view.Session.Seq)
            throw new CursorAheadException(session, after, view.Session.Seq);

        await streams.SendAsync(context, stopped => sessions.FollowAsync(session, after, stopped), Write);
    }

    private static Task WatchAsync(HttpContext context, Sessions sessions, EventStreams streams) =>
        streams.SendAsync(context, sessions.WatchAsync, static (writer, row) =>
            writer.Write(null, "session", JsonSerializer.SerializeToUtf8Bytes(row, SkeinJson.Relaxed.SessionRow)));

    // A browser that reconnects repeats the URL it began with and adds the last id it saw: the header is the newer of the two.
    private static long After(HttpRequest request) =>
        request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? QueryText.Number("Last-Event-ID", last, 0, long.MaxValue)
        : QueryText.Number(request.Query, "after", 0, long.MaxValue) ?? 0;

    private static void Write(EventWriter writer, FeedFrame frame)
    {
        switch (frame)
        {
            case EventFrame { Event: { Body: Gap gap } e }:
                writer.Write(e.Seq, "gap", JsonSerializer.SerializeToUtf8Bytes(new GapFrame(gap.From, gap.To), SkeinJson.Relaxed.GapFrame));
                break;
            case EventFrame { Event: var e }:
                writer.Write(e.Seq, e.Type, EventCodec.Encode(e, withSession: true).Span);
                break;
            case DeltaFrame { Delta: var delta }:
                writer.Write(null, "part.delta", JsonSerializer.SerializeToUtf8Bytes(delta, SkeinJson.Relaxed.PartDelta));
                break;
        }
    }
}
