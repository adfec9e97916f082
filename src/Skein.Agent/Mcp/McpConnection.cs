using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Skein.Agent.Tools;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>A server that was started, or reached, and told its tools. Safe for use by many threads.</summary>
internal sealed class McpConnection : IAsyncDisposable
{
    private static readonly TimeSpan s_starting = TimeSpan.FromSeconds(30);

    // The newest version begins with a question. Servers before it know no such question, and some of them answer it all the same, with
    // nothing: they are asked once more, without waiting for what they say to it. Where the machine is busy their answer may still be
    // there first.
    private static readonly TimeSpan[] s_probing = [TimeSpan.FromSeconds(5), .. Enumerable.Repeat(TimeSpan.FromTicks(1), 4)];

    private readonly McpClient _client;
    private readonly McpProgram? _program;
    private readonly McpCalls _calls;

    private McpConnection(McpClient client, McpProgram? program, McpOffer offer, TimeProvider time)
    {
        (_client, _program, Offer) = (client, program, offer);
        _calls = new McpCalls(client, program is not null, time);
    }

    public McpOffer Offer { get; }

    /// <summary>Whether the server has ended, or hung up. Its program is asked too: the package tells a call of the end before it has ended itself, and would let the next one wait.</summary>
    public bool IsOver => _client.Completion.IsCompleted || _program is { HasHungUp: true };

    /// <summary>What its program wrote last to its standard error.</summary>
    public string LastErrors => _program?.LastErrors ?? "";

    /// <param name="folder">Where its program runs.</param>
    /// <param name="tooling">What its program sees beside what is the server's own, and how it is confined.</param>
    /// <param name="key">Sent to an address as a bearer token.</param>
    /// <exception cref="McpServerException">It cannot be started or reached, or does not speak the protocol.</exception>
    public static async Task<McpConnection> OpenAsync(
        McpServer server, string folder, ToolSettings tooling, string? key, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(s_starting, tooling.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        foreach (var (attempt, probing) in s_probing.Index())
        {
            McpProgram? program = null;
            McpClient? client = null;
            try
            {
                program = server.Url is null ? await McpProgram.StartAsync(server, folder, tooling, cancellationToken) : null;
                IClientTransport transport = program is null ? Http(server, key) : program.Transport;
                client = await McpClient.CreateAsync(transport, new McpClientOptions { DiscoverProbeTimeout = probing }, cancellationToken: either.Token);
                return new McpConnection(client, program, await OfferOfAsync(client, either.Token), tooling.Time);
            }
            catch (Exception e)
            {
                if (client is not null)
                    await client.DisposeAsync();
                if (program is not null)
                    await program.DisposeAsync();
                cancellationToken.ThrowIfCancellationRequested();
                if (e is JsonException && attempt < s_probing.Length - 1)
                    continue;

                // The package fails with whatever it met: a program that ended, a refused connection, an answer that is none.
                var why = tooLong.IsCancellationRequested ? $"it did not answer within {s_starting.TotalSeconds:0} s" : e.Message;
                throw new McpServerException($"The MCP server '{server.Name}' ({server.Where}) cannot be used: {why}{Said(program)}", e);
            }
        }

        throw new InvalidOperationException("The last try fails or is the connection.");
    }

    /// <exception cref="McpServerException">It failed, or there was no answer in time.</exception>
    public Task<string> CallAsync(McpServer server, string tool, JsonElement arguments, TimeProvider time, CancellationToken cancellationToken) =>
        AskAsync(server, time, async (alive, token) =>
        {
            var result = await _calls.CallAsync(tool, arguments, alive, token);
            var text = McpContent.TextOf(result);
            return result.IsError == true ? throw new McpServerException(text) : text;
        }, cancellationToken);

    /// <inheritdoc cref="CallAsync"/>
    public Task<string> GetPromptAsync(McpServer server, string prompt, IReadOnlyDictionary<string, object?> arguments, TimeProvider time, CancellationToken cancellationToken) =>
        AskAsync(server, time, async (_, token) => McpContent.TextOf(await _client.GetPromptAsync(prompt, arguments, cancellationToken: token)), cancellationToken);

    /// <inheritdoc cref="CallAsync"/>
    public Task<string> ListResourcesAsync(McpServer server, TimeProvider time, CancellationToken cancellationToken) =>
        AskAsync(server, time, async (_, token) => McpContent.TextOf(
            await _client.ListResourcesAsync(cancellationToken: token), await _client.ListResourceTemplatesAsync(cancellationToken: token)), cancellationToken);

    /// <inheritdoc cref="CallAsync"/>
    public Task<string> ReadResourceAsync(McpServer server, string uri, TimeProvider time, CancellationToken cancellationToken) =>
        AskAsync(server, time, async (_, token) => McpContent.TextOf(await _client.ReadResourceAsync(uri, cancellationToken: token)), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        if (_program is not null)
            await _program.DisposeAsync();
    }

    private static async Task<McpOffer> OfferOfAsync(McpClient client, CancellationToken cancellationToken)
    {
        var can = client.ServerCapabilities;
        var tools = can.Tools is null ? [] : await client.ListToolsAsync(cancellationToken: cancellationToken);
        var prompts = can.Prompts is null ? [] : await client.ListPromptsAsync(cancellationToken: cancellationToken);
        return new McpOffer(
            [.. tools.Select(static t => new McpToolRow(t.Name, t.Description, t.JsonSchema))],
            [.. prompts.Select(static p => new McpPromptRow(p.Name, p.Description ?? "", [.. (p.ProtocolPrompt.Arguments ?? []).Select(static a => new McpPromptArgument(a.Name, a.Required == true))]))],
            can.Resources is not null);
    }

    // As long as it tells of its progress it is alive.
    private async Task<string> AskAsync(
        McpServer server, TimeProvider time, Func<Action, CancellationToken, Task<string>> ask, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(server.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        try
        {
            return await ask(() => Prolong(tooLong, server), either.Token);
        }
        catch (Exception e) when (e is not McpServerException && !cancellationToken.IsCancellationRequested)
        {
            var why = tooLong.IsCancellationRequested ? $"did not answer within {server.TimeoutSeconds} s" : $"failed: {e.Message}{(IsOver ? Said(_program) : "")}";
            throw new McpServerException($"The MCP server '{server.Name}' {why}", e);
        }
    }

    private static HttpClientTransport Http(McpServer server, string? key)
    {
        var headers = server.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase);
        if (key is not null)
            headers["Authorization"] = $"Bearer {key}";

        // Nothing that a server says unasked is listened to; and when a server is gone, the package asks for that stream anew without end or pause.
        return new HttpClientTransport(new HttpClientTransportOptions { Endpoint = server.Url!, Name = server.Name, AdditionalHeaders = headers, EnableStandaloneGetStream = false });
    }

    private static void Prolong(CancellationTokenSource tooLong, McpServer server)
    {
        try
        {
            tooLong.CancelAfter(TimeSpan.FromSeconds(server.TimeoutSeconds));
        }
        catch (ObjectDisposedException)
        {
            // The answer came first.
        }
    }

    private static string Said(McpProgram? program) => program?.LastErrors is { Length: > 0 } errors ? $" It said: {errors}" : "";
}

/// <summary>A server that is a program of ours.</summary>
internal sealed class McpProgram : IAsyncDisposable
{
    private readonly ChildProcess _child;
    private readonly LastErrors _errors;
    private readonly BoundedLines _printed;

    private McpProgram(ChildProcess child)
    {
        _child = child;
        _printed = new BoundedLines(child.Output);
        Transport = new StreamClientTransport(child.Input, _printed);
        _errors = new LastErrors(child);
    }

    public StreamClientTransport Transport { get; }

    public bool HasHungUp => _printed.IsOver;

    public string LastErrors => _errors.Text;

    /// <exception cref="McpServerException">It is to run in a sandbox, and there is none.</exception>
    /// <exception cref="ChildStartException"/>
    public static async Task<McpProgram> StartAsync(McpServer server, string folder, ToolSettings tooling, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string>(tooling.Environment, StringComparer.Ordinal);
        foreach (var (name, value) in server.Environment)
            all[name] = value;
        var start = new ChildStart(server.Command[0], [.. server.Command.Skip(1)], folder, all) { Input = ChildInput.Piped, EndsWithUs = true };
        if (!server.Sandbox)
            return new McpProgram(ChildProcess.Start(start));

        var confinement = await tooling.Confine(folder, cancellationToken);
        return confinement.Holds
            ? new McpProgram(ChildProcess.Start(confinement.Apply(start)))
            : throw new McpServerException($"it is to run in a sandbox, and there is none{(confinement.Missing is { } missing ? $": {missing}" : ", as the settings say")}");
    }

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync();
        await _errors.Reading;
    }
}

/// <summary>A server cannot be used, or a call of it failed; the model reads the message.</summary>
internal sealed class McpServerException(string message, Exception? inner = null) : Exception(message, inner);
