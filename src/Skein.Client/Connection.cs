using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Skein.Client;

/// <summary>Sends requests to one server, again where the connection was lost. Safe for use by many threads.</summary>
internal sealed class Connection : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly Uri _address;
    private readonly string? _token;
    private volatile bool _answered;

    private Connection(SocketsHttpHandler handler, Uri address, string shown, string? token, SkeinClientOptions options)
    {
        handler.UseCookies = false;
        handler.AllowAutoRedirect = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        handler.ActivityHeadersPropagator = null;

        // Else whoever lets a stream go would read on in it for two seconds, in the hope of its end, and the server would count him among the followers.
        handler.MaxResponseDrainSize = 0;
        _http = new HttpMessageInvoker(handler);
        _address = address;
        Shown = shown;
        _token = token;
        Options = options;
    }

    public SkeinClientOptions Options { get; }

    /// <summary>The server's address, for people.</summary>
    public string Shown { get; }

    public static Connection ToSocket(string path, SkeinClientOptions options)
    {
        var end = new UnixDomainSocketEndPoint(path);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(end, cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new Connection(handler, new Uri("http://localhost/"), path, null, options);
    }

    // A proxy of the environment is for other machines; asking for it costs time at every start.
    public static Connection ToUrl(Uri address, string? token, SkeinClientOptions options) =>
        new(new SocketsHttpHandler { UseProxy = !address.IsLoopback }, AsFolder(address), address.GetLeftPart(UriPartial.Authority), token, options);

    public Task<T> SendAsync<T>(ApiRequest request, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        TryAsync(request, async response =>
        {
            using (response)
            {
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
                return JsonSerializer.Deserialize(body, answer) ?? throw new JsonException($"{Shown} answered null to {request.Method} {request.Path}.");
            }
        }, cancellationToken);

    /// <summary>The answer as it came.</summary>
    public Task<byte[]> ReadAsync(ApiRequest request, CancellationToken cancellationToken) =>
        TryAsync(request, async response =>
        {
            using (response)
                return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        }, cancellationToken);

    public Task SendAsync(ApiRequest request, CancellationToken cancellationToken) =>
        TryAsync(request, response =>
        {
            response.Dispose();
            return Task.FromResult(true);
        }, cancellationToken);

    /// <summary>Sends the request and leaves the body to be read. It is not told when the body breaks off.</summary>
    public Task<Stream> OpenAsync(ApiRequest request, CancellationToken cancellationToken) =>
        TryAsync(request, response => response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);

    public void Dispose() => _http.Dispose();

    // Below a path (a proxy's), calls are relative to all of it.
    private static Uri AsFolder(Uri address) => address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");

    private async Task<T> TryAsync<T>(ApiRequest request, Func<HttpResponseMessage, Task<T>> read, CancellationToken cancellationToken)
    {
        var began = Options.Time.GetTimestamp();
        var backoff = new Backoff(Options.Time);
        var reached = false;
        var revive = request.IsStream ? null : Options.Revive;
        while (true)
        {
            Exception lost;
            try
            {
                using var message = request.ToMessage(_address, _token, Options.Name);
                var response = await _http.SendAsync(message, cancellationToken).ConfigureAwait(false);
                _answered = true;
                if (response.IsSuccessStatusCode)
                    return await read(response).ConfigureAwait(false);

                using (response)
                {
                    lost = await Problems.ReadAsync(response, request, cancellationToken).ConfigureAwait(false);

                    // A server that is about to stop may be followed by another: a follower waits for it.
                    if (!request.IsStream || response.StatusCode != HttpStatusCode.ServiceUnavailable)
                        throw lost;
                }
            }
            catch (HttpRequestException e) when (e.HttpRequestError is not HttpRequestError.SecureConnectionError)
            {
                lost = e;
                reached |= e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError);
            }
            catch (IOException e)
            {
                lost = e;
                reached = true;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                // The connection took too long to be made.
                lost = e;
            }

            // Where nobody ever answered there is nothing to come back; a server that was there may be starting again.
            if (!(_answered || reached || revive is not null) || Options.Time.GetElapsedTime(began) + backoff.Next > Options.Patience)
                throw new ServerUnreachableException(Shown, lost.Message, lost);

            if (revive is not null)
                await revive(cancellationToken).ConfigureAwait(false);
            await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
