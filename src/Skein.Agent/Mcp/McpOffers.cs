using System.Collections.Concurrent;
using Skein.Agent.Settings;
using Skein.Core;

namespace Skein.Agent.Mcp;

/// <summary>
/// What servers offer, kept on the disk, so that one that is configured costs nothing before it is used. A cache: delete it, and servers are
/// asked again. Safe for use by many threads.
/// </summary>
/// <param name="home">Skein's home folder.</param>
internal sealed class McpOffers(string home)
{
    private readonly ConcurrentDictionary<string, McpOffer?> _known = new(StringComparer.Ordinal);

    /// <returns>Null: it was never asked.</returns>
    public async ValueTask<McpOffer?> FindAsync(McpServer server, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(server.Fingerprint, out var known))
            return known;

        try
        {
            return _known[server.Fingerprint] = await PrivateFile.ReadAsync(PathOf(server), McpOfferJson.Default.McpOffer, cancellationToken);
        }
        catch (DamagedException)
        {
            // Only a cache: the server is asked again.
            return _known[server.Fingerprint] = null;
        }
    }

    public async Task KeepAsync(McpServer server, McpOffer offer, CancellationToken cancellationToken)
    {
        _known[server.Fingerprint] = offer;
        try
        {
            await PrivateFile.WriteAsync(PathOf(server), offer, McpOfferJson.Default.McpOffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next process asks again.
        }
    }

    private string PathOf(McpServer server) => Path.Combine(home, "mcp", $"{server.Fingerprint}.json");
}
