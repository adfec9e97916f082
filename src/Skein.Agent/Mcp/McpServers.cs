using System.Collections.Concurrent;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>
/// The MCP servers of all workspaces: started when something of them is first used, shared by the sessions that have the same, started again
/// when they have ended. What one offers is known from when it ran last. Safe for use by many threads.
/// </summary>
/// <param name="find">The servers that count in a workspace.</param>
/// <param name="home">Skein's home folder, where it is kept what they offer.</param>
/// <param name="tooling">What their programs see, and how those are confined that are to be.</param>
/// <param name="keys">The keys that the user stored, by name.</param>
public sealed class McpServers(
    Func<string, CancellationToken, Task<McpServerSet>> find, string home, ToolSettings tooling, IReadOnlyDictionary<string, string> keys) : IAsyncDisposable
{
    // One that cannot be started is not tried again at every turn.
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(30);

    private readonly McpOffers _offers = new(home);
    private readonly ConcurrentDictionary<(string Fingerprint, string Folder), Lazy<Task<McpConnection>>> _connections = new();
    private readonly ConcurrentDictionary<(string Fingerprint, string Folder), (long At, string Why)> _failed = new();
    private readonly CancellationTokenSource _over = new();

    /// <summary>How many were started and not given up since.</summary>
    internal int Running => _connections.Count;

    internal TimeProvider Time => tooling.Time;

    /// <summary>Adds the servers' tools. One that never ran is started; where it cannot be used its tools are missing, and a note says why.</summary>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        var set = await find(session.Workspace, cancellationToken);
        if (set.Servers.Count == 0)
            return own;

        var folder = RealPath.Of(session.Workspace);
        var looks = await Task.WhenAll(set.Servers.Select(async s =>
            await _offers.FindAsync(s, cancellationToken) is { } known ? new McpLook(s, known, null) : await LookAsync(s, folder, cancellationToken)));
        var taken = own.Tools.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        McpServer[] having = [.. looks.Where(l => l.Offer.HasResources).Select(l => l.Server)];
        return own with
        {
            Tools =
            [
                .. own.Tools,
                .. looks.SelectMany(l => l.Offer.Tools.Select(t => new McpTool(McpTool.NameFor(l.Server.Name, t.Name, taken), t.Name, t.Description, t.Schema, l.Server, folder, this))),
                .. having.Length > 0 ? [new McpResourceTool(having, folder, this)] : Array.Empty<ITool>(),
            ],
            Notes = [.. own.Notes, .. looks.Select(l => l.Problem).OfType<string>()],
        };
    }

    /// <summary>What the servers of a workspace offer that ran before; none is started.</summary>
    public async Task<IReadOnlyList<(McpServer Server, McpOffer Offer)>> KnownAsync(string workspace, CancellationToken cancellationToken)
    {
        var known = new List<(McpServer, McpOffer)>();
        foreach (var server in (await find(workspace, cancellationToken)).Servers)
        {
            if (await _offers.FindAsync(server, cancellationToken) is { } offer)
                known.Add((server, offer));
        }

        return known;
    }

    /// <summary>What a server offers now; it is started where it does not run.</summary>
    public async Task<McpLook> LookAsync(McpServer server, string folder, CancellationToken cancellationToken)
    {
        if (_failed.TryGetValue((server.Fingerprint, folder), out var failed) && Time.GetElapsedTime(failed.At) < s_again)
            return new McpLook(server, McpOffer.Nothing, failed.Why);

        try
        {
            return new McpLook(server, (await ConnectAsync(server, folder, cancellationToken)).Offer, null);
        }
        catch (McpServerException e)
        {
            _failed[(server.Fingerprint, folder)] = (Time.GetTimestamp(), e.Message);
            return new McpLook(server, McpOffer.Nothing, e.Message);
        }
    }

    /// <exception cref="McpServerException">It cannot be used.</exception>
    internal async Task<McpConnection> ConnectAsync(McpServer server, string folder, CancellationToken cancellationToken)
    {
        var key = (server.Fingerprint, folder);
        while (true)
        {
            // Lazy: of two that need it at once one starts it. Whoever waits may give up; it is started for all.
            var opening = _connections.GetOrAdd(key, _ => new Lazy<Task<McpConnection>>(() => OpenAsync(server, folder)));
            try
            {
                var connection = await opening.Value.WaitAsync(cancellationToken);
                if (!connection.IsOver)
                    return connection;
                if (_connections.TryRemove(KeyValuePair.Create(key, opening)))
                    await connection.DisposeAsync();
            }
            catch (McpServerException)
            {
                _connections.TryRemove(KeyValuePair.Create(key, opening));
                throw;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        foreach (var opening in _connections.Values)
        {
            try
            {
                await (await opening.Value).DisposeAsync();
            }
            catch (Exception e) when (e is McpServerException or OperationCanceledException)
            {
                // There was nothing to end.
            }
        }

        _over.Dispose();
    }

    // What it offers now counts from the next turn on.
    private async Task<McpConnection> OpenAsync(McpServer server, string folder)
    {
        var connection = await McpConnection.OpenAsync(server, folder, tooling, KeyOf(server), _over.Token);
        await _offers.KeepAsync(server, connection.Offer, _over.Token);
        return connection;
    }

    private string? KeyOf(McpServer server) => server.Key is not { } name ? null
        : keys.TryGetValue(name, out var key) ? key
        : throw new McpServerException($"The MCP server '{server.Name}' needs the key '{name}', and none is stored: skein auth set {name}");
}

/// <summary>The servers of a workspace.</summary>
/// <param name="Servers">Those that count.</param>
/// <param name="Waiting">Those of its <c>.mcp.json</c> that the user has not agreed to.</param>
public sealed record McpServerSet(IReadOnlyList<McpServer> Servers, IReadOnlyList<McpServer> Waiting);

/// <summary>What a server was found to offer.</summary>
/// <param name="Problem">Why it cannot be used; null: it can.</param>
public sealed record McpLook(McpServer Server, McpOffer Offer, string? Problem);
