using System.Collections.Concurrent;
using System.Text.Json;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>
/// The MCP servers of all workspaces: started when a turn first needs them, shared by the sessions that have the same, started again when
/// they have ended. Safe for use by many threads.
/// </summary>
/// <param name="find">The servers that count in a workspace.</param>
/// <param name="environment">What their programs see.</param>
/// <param name="keys">The keys that the user stored, by name.</param>
public sealed class McpServers(
    Func<string, CancellationToken, Task<McpServerSet>> find, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> keys,
    TimeProvider time) : IAsyncDisposable
{
    // One that cannot be started is not tried again at every turn.
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(string Fingerprint, string Folder), Lazy<Task<McpConnection>>> _connections = new();
    private readonly ConcurrentDictionary<(string Fingerprint, string Folder), (long At, string Why)> _failed = new();
    private readonly CancellationTokenSource _over = new();

    internal TimeProvider Time => time;

    /// <summary>Adds the servers' tools; those of a server that cannot be used are missing, and a note says why.</summary>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        var set = await find(session.Workspace, cancellationToken);
        if (set.Servers.Count == 0)
            return own;

        var folder = RealPath.Of(session.Workspace);
        var looks = await Task.WhenAll(set.Servers.Select(s => LookAsync(s, folder, cancellationToken)));
        var taken = own.Tools.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        return own with
        {
            Tools = [.. own.Tools, .. looks.SelectMany(l => l.Tools.Select(t =>
                new McpTool(McpTool.NameFor(l.Server.Name, t.Name, taken), t.Name, t.Description, t.Schema, l.Server, folder, this)))],
            Notes = [.. own.Notes, .. looks.Select(l => l.Problem).OfType<string>()],
        };
    }

    /// <summary>What a server offers; it is started where it does not run.</summary>
    public async Task<McpLook> LookAsync(McpServer server, string folder, CancellationToken cancellationToken)
    {
        if (_failed.TryGetValue((server.Fingerprint, folder), out var failed) && time.GetElapsedTime(failed.At) < s_again)
            return new McpLook(server, [], failed.Why);

        try
        {
            var connection = await ConnectAsync(server, folder, cancellationToken);
            return new McpLook(server, [.. connection.Tools.Select(t => new McpToolRow(t.Name, t.Description, t.JsonSchema))], null);
        }
        catch (McpServerException e)
        {
            _failed[(server.Fingerprint, folder)] = (time.GetTimestamp(), e.Message);
            return new McpLook(server, [], e.Message);
        }
    }

    /// <exception cref="McpServerException">It cannot be used.</exception>
    internal async Task<McpConnection> ConnectAsync(McpServer server, string folder, CancellationToken cancellationToken)
    {
        var key = (server.Fingerprint, folder);
        while (true)
        {
            // Lazy: of two that need it at once one starts it. Whoever waits may give up; it is started for all.
            var opening = _connections.GetOrAdd(key, _ => new Lazy<Task<McpConnection>>(() => McpConnection.OpenAsync(server, folder, environment, KeyOf(server), time, _over.Token)));
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
public sealed record McpLook(McpServer Server, IReadOnlyList<McpToolRow> Tools, string? Problem);

/// <param name="Schema">The JSON Schema of its arguments.</param>
public sealed record McpToolRow(string Name, string Description, JsonElement Schema);
