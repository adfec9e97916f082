using System.Net.Sockets;
using Skein.Cli.Composition;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Background;

/// <summary>The server of the home, as commands come to it.</summary>
internal static class Servers
{
    private const string ClientName = "cli";

    /// <summary>A client of the server that runs, or of one that is started in the background; also later, when it is needed and gone.</summary>
    /// <exception cref="HomeException">The home cannot be used.</exception>
    public static async Task<SkeinClient> FindOrStartAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        var info = await EnsureAsync(cancellationToken);

        // One that is killed while it is used, or is just dying, is followed by another.
        return SkeinClient.ForSocket(info.Socket, new SkeinClientOptions { Name = ClientName, Time = surroundings.Time, Revive = EnsureAsync });

        async Task<ServerInfo> EnsureAsync(CancellationToken token) => FindInfo(home) ?? await BackgroundServer.StartAsync(home, surroundings, token);
    }

    /// <summary>The server that runs; null when none does, whatever a dead one left behind.</summary>
    /// <exception cref="HomeException">The home cannot be read.</exception>
    public static ServerInfo? FindInfo(SkeinHome home) => home.FindServer() is { } info && Listens(info.Socket) ? info : null;

    public static SkeinClient Connect(ServerInfo info, Surroundings surroundings) => Connect(info.Socket, surroundings);

    public static SkeinClient Connect(string socket, Surroundings surroundings) =>
        SkeinClient.ForSocket(socket, new SkeinClientOptions { Name = ClientName, Time = surroundings.Time });

    // The kernel refuses at once where nobody listens, so that a socket that a killed server left is told from a living one.
    private static bool Listens(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new HomeException($"The server's socket {path} may not be used: it belongs to another user.", e);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
