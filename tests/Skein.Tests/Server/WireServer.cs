using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;
using Skein.Server;
using Skein.Testing;

namespace Skein.Tests.Server;

/// <summary>A real server over a store that only fails: for what is decided before a session is asked, and for how failures are told.</summary>
internal sealed class WireServer : IAsyncDisposable
{
    private readonly Sessions _sessions;
    private readonly HttpClient _http;

    private WireServer(TempFolder home, Sessions sessions, SkeinServer server)
    {
        Home = home;
        _sessions = sessions;
        Server = server;
        _http = server.Info.Listen is { } listen ? new HttpClient { BaseAddress = new Uri(listen) } : OverSocket(server.Info.Socket);
    }

    public TempFolder Home { get; }
    public SkeinServer Server { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<WireServer> OnSocketAsync(Func<Exception>? fail = null) => StartAsync(o => o, fail);

    public static Task<WireServer> OnTcpAsync(Func<SkeinServerOptions, SkeinServerOptions>? more = null) =>
        StartAsync(o => (more ?? (x => x))(o with { Listen = "127.0.0.1:0", Token = "the-token" }), null);

    public static async Task<WireServer> StartAsync(Func<SkeinServerOptions, SkeinServerOptions> options, Func<Exception>? fail)
    {
        var home = new TempFolder();
        var sessions = NewSessions(fail ?? (() => new InvalidOperationException("secret detail")));
        try
        {
            var server = await SkeinServer.StartAsync(
                sessions, options(new SkeinServerOptions { Home = home.Path, Version = "1.2.3" }), NullLoggerFactory.Instance, TimeProvider.System, Cancellation);
            return new WireServer(home, sessions, server);
        }
        catch
        {
            await sessions.DisposeAsync();
            home.Dispose();
            throw;
        }
    }

    public static Sessions NewSessions(Func<Exception> fail)
    {
        var echo = ScriptedAgent.Echo();
        return new Sessions(
            new FailingStore(fail), new AgentKinds([echo]),
            new SessionsOptions(echo.Name, null, PermissionMode.Ask, "here"), TimeProvider.System, NullLogger.Instance);
    }

    public static HttpClient OverSocket(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };

    /// <summary>Sends a request; a token is shown where one is given.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? token = null, string? json = null, Action<HttpRequestMessage>? more = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        more?.Invoke(request);
        using var response = await _http.SendAsync(request, Cancellation);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
        await _sessions.DisposeAsync();
        Home.Dispose();
    }
}

internal sealed record Answer(int Status, string Body, HttpResponseHeaders Headers, string? MediaType)
{
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The status and the problem's code, having checked that it is a problem.</summary>
    public (int Status, string Code) Problem
    {
        get
        {
            Assert.Equal("application/problem+json", MediaType);
            Assert.Equal(Status, Json.GetProperty("status").GetInt32());
            return (Status, Json.GetProperty("code").GetString()!);
        }
    }

    public string Detail => Json.GetProperty("detail").GetString()!;
}
