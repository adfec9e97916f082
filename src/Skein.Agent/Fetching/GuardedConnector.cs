using System.Net;
using System.Net.Sockets;
using Skein.Agent.Tools;

namespace Skein.Agent.Fetching;

/// <summary>
/// Makes the connections of a fetch. What is judged is the address that is connected to, after the name was resolved: a name that leads
/// into the machine or its networks does not get there, whatever it led to a moment ago.
/// </summary>
/// <param name="allowed">Hosts whose addresses need not be public: a name or an address, with <c>:port</c> or for all ports; <c>*</c> any characters.</param>
internal sealed class GuardedConnector(IReadOnlyList<string> allowed)
{
    private readonly Glob[] _allowed = [.. allowed.Select(static host => Glob.ForText(host.ToLowerInvariant()))];

    /// <summary>For one fetch: its connections are not for others, who may be allowed less. Nothing of the user's surroundings goes along.</summary>
    public HttpMessageInvoker Open() => new(
        new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            Credentials = null,
            AutomaticDecompression = DecompressionMethods.All,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
        },
        disposeHandler: true);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        var permitted = IsAllowed(host, port) ? addresses : [.. addresses.Where(PublicAddress.IsPublic)];
        if (permitted.Length == 0)
            throw new RefusedAddressException(host, addresses);

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(permitted, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(string host, int port)
    {
        var name = FetchAddress.HostOf(host);
        return _allowed.Any(glob => glob.MatchesText(name) || glob.MatchesText($"{name}:{port}"));
    }
}

/// <summary>A host has no address that may be connected to.</summary>
internal sealed class RefusedAddressException(string host, IReadOnlyList<IPAddress> addresses) : IOException(
    $"{host} is at {string.Join(", ", addresses)}, which is not on the public internet: fetch reaches such addresses only if the user lists the host in 'fetch.private' of the settings.");
