using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Server.Endpoints;

namespace Skein.Server;

/// <summary>
/// A running server: HTTP and server-sent events on a Unix socket in the home, and on TCP where asked to. It serves sessions that it does
/// not own: stop the server first, then dispose those.
/// </summary>
public sealed class SkeinServer : IAsyncDisposable
{
    private const int LargestBody = 32 << 20;

    // A client that goes on reading a long answer does not keep a stopping server alive for longer.
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(3);

    private readonly WebApplication _app;
    private readonly ServerFiles _files;
    private readonly Lazy<Task> _stopping;

    private SkeinServer(WebApplication app, ServerFiles files, ServerInfo info, string? token)
    {
        _app = app;
        _files = files;
        Info = info;
        Token = token;
        _stopping = new Lazy<Task>(StopOnceAsync);
    }

    public ServerInfo Info { get; }

    /// <summary>What TCP clients must show; null where none can come. It also stands in the home's <c>server.token</c>.</summary>
    public string? Token { get; }

    /// <summary>Completes when a client has asked the server to stop, and was answered. Nothing stops by itself.</summary>
    public Task StopRequested => _app.Services.GetRequiredService<StopRequest>().Made;

    /// <summary>Starts to listen; when it returns, requests are answered and <c>server.json</c> is written.</summary>
    /// <exception cref="InvalidRequestException">An option breaks its rule.</exception>
    /// <exception cref="HomeException">The home or the socket's folder cannot be trusted, another server listens there, or an address is taken.</exception>
    public static async Task<SkeinServer> StartAsync(
        Sessions sessions, SkeinServerOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var home = Path.GetFullPath(options.Home);
        var address = options.Listen is { } listen ? ListenAddress.Parse(listen, options.AllowHosts) : null;
        foreach (var host in options.AllowHosts)
            RequireHost(host);
        var token = address is null ? null : RequireToken(options.Token) ?? NewToken();
        var readToken = RequireToken(options.ReadToken);
        if (readToken is not null && readToken == token)
            throw new InvalidRequestException("The token for those who only read must be another than the server's own.");
        var socket = SocketPlace.Of(home, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));

        OwnFolder.RequireHome(home);
        await SocketPlace.ClearAsync(socket, cancellationToken);

        var app = Build(sessions, options, socket, address, token, loggers, time);
        try
        {
            await ListenAsync(app, cancellationToken);
            var info = Describe(app, options.Version, home, socket, address, time);
            var files = new ServerFiles(home);
            WriteFiles(files, info, token);
            app.Services.GetRequiredService<SelfDescription>().Complete(info);
            Tell(loggers.CreateLogger<SkeinServer>(), info);
            return new SkeinServer(app, files, info, token);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the streams, lets the requests that are being answered end, for 3 s at most, and takes the files away. May be called again.</summary>
    /// <param name="cancellationToken">Ends the wait, not the stop.</param>
    public Task StopAsync(CancellationToken cancellationToken) => _stopping.Value.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private async Task StopOnceAsync()
    {
        try
        {
            // First, so that nobody who looks now waits for a server that goes.
            _files.Remove();
        }
        finally
        {
            await _app.StopAsync();
            File.Delete(Info.Socket);
        }
    }

    private static WebApplication Build(
        Sessions sessions, SkeinServerOptions options, string socket, IPEndPoint? address, string? token, ILoggerFactory loggers, TimeProvider time)
    {
        // Empty: the usual builder reads settings from the folder it is started in, which may be anybody's, and takes the signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            // Kestrel counts those of each address by itself.
            kestrel.Limits.MaxConcurrentConnections = options.MostConnections / (address is null ? 1 : 2);
            kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.Protocols = HttpProtocols.Http1);
            kestrel.ListenUnixSocket(socket, static endpoint => endpoint.Use(Guard.MarkOwn));
            if (address is not null)
                kestrel.Listen(address);
        });

        // Else each request, and each event that a follower is sent, changes threads once more: a good part of what a prompt takes beside its flush.
        builder.WebHost.UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true);

        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(loggers);
        services.AddSingleton(time);
        services.AddSingleton(sessions);
        services.AddSingleton<IHostLifetime, QuietLifetime>();
        services.AddSingleton(new SelfDescription(options.Version));
        services.AddSingleton(new Guard.Rules(token, options.ReadToken, options.AllowHosts));
        services.AddSingleton<StopRequest>();
        services.AddSingleton<EventStreams>();
        services.Configure<HostOptions>(static host => host.ShutdownTimeout = s_stopPatience);
        services.ConfigureHttpJsonOptions(static json => SpeakSkein(json.SerializerOptions));

        var app = builder.Build();
        app.UseMiddleware<Problems>();
        app.UseMiddleware<Guard>();
        SessionEndpoints.Map(app);
        PromptEndpoints.Map(app);
        MessageEndpoints.Map(app);
        SearchEndpoints.Map(app);
        SpendingEndpoints.Map(app);
        EventEndpoints.Map(app);
        ServerEndpoints.Map(app);
        return app;
    }

    // The framework has its own options object; it must write as the log does.
    private static void SpeakSkein(JsonSerializerOptions options)
    {
        var ours = SkeinJson.Relaxed.Options;
        options.TypeInfoResolverChain.Clear();
        options.TypeInfoResolverChain.Add(SkeinJson.Relaxed);
        options.Encoder = ours.Encoder;
        options.PropertyNamingPolicy = ours.PropertyNamingPolicy;
        options.DictionaryKeyPolicy = ours.DictionaryKeyPolicy;
        options.PropertyNameCaseInsensitive = ours.PropertyNameCaseInsensitive;
        options.NumberHandling = ours.NumberHandling;
        options.DefaultIgnoreCondition = ours.DefaultIgnoreCondition;
        options.AllowOutOfOrderMetadataProperties = ours.AllowOutOfOrderMetadataProperties;
        options.RespectNullableAnnotations = ours.RespectNullableAnnotations;
        options.RespectRequiredConstructorParameters = ours.RespectRequiredConstructorParameters;
        foreach (var converter in ours.Converters)
            options.Converters.Add(converter);
    }

    private static async Task ListenAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new HomeException($"The server cannot listen: {e.Message}", e);
        }
    }

    private static void WriteFiles(ServerFiles files, ServerInfo info, string? token)
    {
        try
        {
            files.Write(info, token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"The server cannot leave word of itself in '{info.Home}': {e.Message}", e);
        }
    }

    private static ServerInfo Describe(WebApplication app, string version, string home, string socket, IPEndPoint? address, TimeProvider time)
    {
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var listen = address is null ? null : bound.Single(a => !a.StartsWith("http://unix:", StringComparison.Ordinal));
        return new ServerInfo(Environment.ProcessId, version, home, socket, listen, time.GetUtcNow());
    }

    private static void Tell(ILogger logger, ServerInfo info)
    {
        logger.Listening(info.Socket);
        if (info.Listen is { } listen)
            logger.ListeningOnTcp(listen);
    }

    private static string? RequireToken(string? token) =>
        token is null || (token.Length is > 0 and <= 500 && !token.AsSpan().ContainsAnyExceptInRange('!', '~'))
            ? token
            : throw new InvalidRequestException("The token must be 1 to 500 printable ASCII characters without spaces.");

    // With a port, or with a wildcard, it would quietly allow nothing.
    private static void RequireHost(string host)
    {
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown || (host.Contains(':') && !host.StartsWith('[')))
            throw new InvalidRequestException($"'{host}' is not a host to allow: it must be a name or an IP address (IPv6 in brackets), without scheme and port.");
    }

    private static string NewToken() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Signals are the business of the program that runs the server.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
