using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Hosting;

namespace Skein.Server;

/// <summary>
/// Sends a stream as server-sent events. A client that reads slowly is waited for, so its stream is pulled no faster than it reads and
/// nothing piles up; one that is silent for long hears a heartbeat.
/// </summary>
internal sealed class EventStreams(TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    // Many small events go out together, a long replay in pieces.
    private const int FlushBytes = 32 * 1024;

    /// <param name="open">Opens the stream for as long as it is wanted.</param>
    public async Task SendAsync<T>(HttpContext context, Func<CancellationToken, IAsyncEnumerable<T>> open, Action<EventWriter, T> write)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(context, open(ended.Token), write, ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client went, or the server stops: the stream just ends, and the client comes again with its last id.
        }
    }

    private async Task SendAsync<T>(HttpContext context, IAsyncEnumerable<T> items, Action<EventWriter, T> write, CancellationTokenSource ended)
    {
        var cancellationToken = ended.Token;
        await using var source = items.GetAsyncEnumerator(cancellationToken);
        var next = source.MoveNextAsync().AsTask();
        try
        {
            // What fails at once can still be answered with a status.
            if (next.IsFaulted)
                await next;

            using var beats = new PeriodicTimer(s_heartbeat, time);
            await BeginAsync(context, cancellationToken);
            var beat = beats.WaitForNextTickAsync(cancellationToken).AsTask();
            var writer = new EventWriter(context.Response.BodyWriter);
            while (true)
            {
                if (!next.IsCompleted)
                {
                    await writer.FlushAsync(cancellationToken);
                    await Task.WhenAny(next, beat);
                }

                if (next.IsCompleted)
                {
                    if (!await next)
                        break;
                    write(writer, source.Current);
                    next = source.MoveNextAsync().AsTask();
                    if (writer.Pending > FlushBytes)
                        await writer.FlushAsync(cancellationToken);
                }

                if (beat.IsCompleted)
                {
                    await beat;
                    writer.WriteHeartbeat();
                    beat = beats.WaitForNextTickAsync(cancellationToken).AsTask();
                }
            }
        }
        finally
        {
            // An enumerator cannot be disposed while it is being asked for its next item.
            await ended.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // A reader that was suspended is slow, not an attack.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        return context.Response.StartAsync(cancellationToken);
    }
}
