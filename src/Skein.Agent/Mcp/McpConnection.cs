using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>A server that was started, or reached, and told its tools. Safe for use by many threads.</summary>
internal sealed class McpConnection : IAsyncDisposable
{
    private static readonly TimeSpan s_starting = TimeSpan.FromSeconds(30);

    private readonly McpClient _client;
    private readonly McpProgram? _program;

    private McpConnection(McpClient client, McpProgram? program, IReadOnlyList<McpClientTool> tools) => (_client, _program, Tools) = (client, program, tools);

    public IReadOnlyList<McpClientTool> Tools { get; }

    /// <summary>Whether the server has ended, or hung up.</summary>
    public bool IsOver => _client.Completion.IsCompleted;

    /// <summary>What its program wrote last to its standard error.</summary>
    public string LastErrors => _program?.LastErrors ?? "";

    /// <param name="folder">Where its program runs.</param>
    /// <param name="environment">All that its program sees, but for the server's own.</param>
    /// <param name="key">Sent to an address as a bearer token.</param>
    /// <exception cref="McpServerException">It cannot be started or reached, or does not speak the protocol.</exception>
    public static async Task<McpConnection> OpenAsync(
        McpServer server, string folder, IReadOnlyDictionary<string, string> environment, string? key, TimeProvider time, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(s_starting, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        McpProgram? program = null;
        McpClient? client = null;
        try
        {
            program = server.Url is null ? McpProgram.Start(server, folder, environment) : null;
            IClientTransport transport = program is null ? Http(server, key) : program.Transport;
            client = await McpClient.CreateAsync(transport, cancellationToken: either.Token);
            var tools = await client.ListToolsAsync(cancellationToken: either.Token);
            return new McpConnection(client, program, [.. tools]);
        }
        catch (Exception e)
        {
            if (client is not null)
                await client.DisposeAsync();
            if (program is not null)
                await program.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();

            // The package fails with whatever it met: a program that ended, a refused connection, an answer that is none.
            var why = tooLong.IsCancellationRequested ? $"it did not answer within {s_starting.TotalSeconds:0} s" : e.Message;
            throw new McpServerException($"The MCP server '{server.Name}' ({server.Where}) cannot be used: {why}{Said(program)}", e);
        }
    }

    public async Task<string> CallAsync(McpServer server, string tool, IReadOnlyDictionary<string, object?> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(server.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        try
        {
            var result = await _client.CallToolAsync(tool, arguments, cancellationToken: either.Token);
            var text = McpContent.TextOf(result);
            return result.IsError == true ? throw new McpServerException(text) : text;
        }
        catch (Exception e) when (e is not McpServerException && !cancellationToken.IsCancellationRequested)
        {
            var why = tooLong.IsCancellationRequested ? $"did not answer within {server.TimeoutSeconds} s" : $"failed: {e.Message}{(IsOver ? Said(_program) : "")}";
            throw new McpServerException($"The MCP server '{server.Name}' {why}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        if (_program is not null)
            await _program.DisposeAsync();
    }

    private static HttpClientTransport Http(McpServer server, string? key)
    {
        var headers = server.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase);
        if (key is not null)
            headers["Authorization"] = $"Bearer {key}";
        return new HttpClientTransport(new HttpClientTransportOptions { Endpoint = server.Url!, Name = server.Name, AdditionalHeaders = headers });
    }

    private static string Said(McpProgram? program) => program?.LastErrors is { Length: > 0 } errors ? $" It said: {errors}" : "";
}

/// <summary>A server that is a program of ours.</summary>
internal sealed class McpProgram : IAsyncDisposable
{
    private readonly ChildProcess _child;
    private readonly LastErrors _errors;

    private McpProgram(ChildProcess child)
    {
        _child = child;
        Transport = new StreamClientTransport(child.Input, child.Output);
        _errors = new LastErrors(child);
    }

    public StreamClientTransport Transport { get; }

    public string LastErrors => _errors.Text;

    public static McpProgram Start(McpServer server, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var all = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        foreach (var (name, value) in server.Environment)
            all[name] = value;
        return new McpProgram(ChildProcess.Start(new ChildStart(server.Command[0], [.. server.Command.Skip(1)], folder, all) { Input = ChildInput.Piped }));
    }

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync();
        await _errors.Reading;
    }
}

/// <summary>A server cannot be used, or a call of it failed; the model reads the message.</summary>
internal sealed class McpServerException(string message, Exception? inner = null) : Exception(message, inner);
