using System.Globalization;
using System.Net;
using Skein.Core;

namespace Skein.Server;

/// <summary>Reads the address to listen on.</summary>
internal static class ListenAddress
{
    /// <exception cref="InvalidRequestException">It is no address and port, or one that needs allowed hosts and has none.</exception>
    public static IPEndPoint Parse(string text, IReadOnlyList<string> allowHosts)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort
            || !TryParseHost(text[..colon], out var address))
        {
            throw new InvalidRequestException($"'{text}' is not an address to listen on: it must be an IP address or localhost, a colon and a port, for example 127.0.0.1:7788.");
        }

        if (!IPAddress.IsLoopback(address) && allowHosts.Count == 0)
            throw new InvalidRequestException($"'{text}' can be reached from other machines: name the hosts it may be addressed as with --allow-host.");

        return new IPEndPoint(address, port);
    }

    private static bool TryParseHost(string host, out IPAddress address)
    {
        address = IPAddress.Loopback;
        if (host == "localhost")
            return true;

        // An IPv6 address without brackets would swallow the port.
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        return host.Contains(':') == bracketed && IPAddress.TryParse(bracketed ? host[1..^1] : host, out address!);
    }
}
