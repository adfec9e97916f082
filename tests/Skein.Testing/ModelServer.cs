using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Skein.Testing;

/// <summary>
/// An HTTP server on loopback that speaks the wire formats of OpenAI's Chat Completions and Responses, Anthropic's Messages, Google's
/// Gemini and Ollama's chat, and says what it was told to: one answer a request, in the order they were enqueued.
/// </summary>
public sealed class ModelServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<ModelAnswer> _answers = new();
    private readonly ConcurrentQueue<ModelRequest> _requests = new();
    private readonly WebApplication _app;

    private ModelServer(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>Without a path, for example <c>http://127.0.0.1:41234</c>: what <c>ANTHROPIC_BASE_URL</c> takes.</summary>
    public string Address { get; private set; } = "";

    /// <summary>What <c>OPENAI_BASE_URL</c> takes.</summary>
    public string OpenAiAddress => Address + "/v1";

    /// <summary>Asked for an answer where none is enqueued; null: that is an error.</summary>
    public Func<ModelRequest, ModelAnswer>? Otherwise { get; set; }

    /// <summary>What it was asked, in the order of arrival.</summary>
    public IReadOnlyList<ModelRequest> Requests => [.. _requests];

    /// <param name="port">0: one that is free.</param>
    public static async Task<ModelServer> StartAsync(CancellationToken cancellationToken, int port = 0)
    {
        var server = new ModelServer(port);
        await server._app.StartAsync(cancellationToken);
        server.Address = server._app.Urls.First();
        return server;
    }

    /// <summary>Serves until cancelled.</summary>
    public static async Task RunAsync(int port, Func<ModelRequest, ModelAnswer> respond, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(cancellationToken, port);
        server.Otherwise = respond;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
    }

    public void Enqueue(params ModelAnswer[] answers)
    {
        foreach (var answer in answers)
            _answers.Enqueue(answer);
    }

    /// <summary>Forgets the answers that nobody asked for.</summary>
    public void Clear() => _answers.Clear();

    public async ValueTask DisposeAsync()
    {
        // Streams that stall would keep it waiting for its half minute.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Path == "/v1/models")
        {
            await context.Response.WriteAsync("""{"object":"list","data":[{"id":"any","object":"model","type":"model","display_name":"Any"}],"has_more":false}""");
            return;
        }

        if (context.Request.Path == "/api/tags")
        {
            await context.Response.WriteAsync("""{"models":[{"name":"any:latest","model":"any:latest","size":1}]}""");
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
        var request = new ModelRequest(
            context.Request.Path.Value!,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.RootElement.Clone());
        if (ModelWire.Of(request) is not { } wire)
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync($"The model server has no {request.Path}.");
            return;
        }

        _requests.Enqueue(request);
        try
        {
            await AnswerAsync(Next(request), wire, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
    }

    // 400 is never tried again, so that a test that asks too often fails at once.
    private ModelAnswer Next(ModelRequest request) =>
        _answers.TryDequeue(out var answer) ? answer
        : Otherwise?.Invoke(request) ?? RefusedAnswer.OpenAi(400, "no_answer", "The model server has no answer left.");

    private static async Task AnswerAsync(ModelAnswer answer, ModelWire wire, HttpContext context)
    {
        var response = context.Response;
        switch (answer)
        {
            case RefusedAnswer refused:
                response.StatusCode = refused.Status;
                response.ContentType = refused.Body.StartsWith('{') ? "application/json" : "text/plain";
                foreach (var (name, value) in refused.Headers)
                    response.Headers[name] = value;
                await response.WriteAsync(refused.Body, context.RequestAborted);
                break;
            case NoAnswer:
                context.Abort();
                break;
            case WholeAnswer whole:
                response.ContentType = whole.ContentType;
                for (var at = 0; at < whole.Body.Length;)
                {
                    var piece = whole.Body.Slice(at, Math.Min(whole.Piece > 0 ? whole.Piece : whole.Body.Length, whole.Body.Length - at));
                    await response.Body.WriteAsync(piece, context.RequestAborted);
                    await response.Body.FlushAsync(context.RequestAborted);
                    at += piece.Length;
                }

                break;
            case StreamedAnswer streamed:
                response.ContentType = wire.ContentType;
                await StreamAsync(streamed, wire, context);
                break;
        }
    }

    private static async Task StreamAsync(StreamedAnswer answer, ModelWire wire, HttpContext context)
    {
        await SendAsync(wire.Begin(answer));
        for (var i = 0; i < answer.Parts.Length; i++)
        {
            switch (answer.Parts[i])
            {
                case Cut:
                    context.Abort();
                    return;
                case Ended:
                    return;
                case Stalled stalled:
                    stalled.Reached?.TrySetResult();
                    await stalled.Until.WaitAsync(context.RequestAborted);
                    break;
                case Raw raw:
                    await SendAsync([raw.Text]);
                    break;
                default:
                    await SendAsync(wire.Part(answer, i));
                    break;
            }
        }

        await SendAsync(wire.End(answer));

        async Task SendAsync(IEnumerable<string> events)
        {
            foreach (var text in events)
            {
                await context.Response.WriteAsync(text, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
    }
}
