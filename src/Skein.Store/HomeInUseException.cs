using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Store;

/// <summary>Another process has the home folder open; there is one at a time.</summary>
/// <param name="server">What that process says of itself; null where it says nothing.</param>
public sealed class HomeInUseException(string home, ServerInfo? server) : HomeException(Describe(home, server))
{
    public ServerInfo? Server { get; } = server;

    private static string Describe(string home, ServerInfo? server) => server is null
        ? $"The home folder {home} is in use by another process; it takes one at a time."
        : $"The home folder {home} is in use by the server with pid {server.Pid} at {server.Socket}; it takes one at a time.";
}
