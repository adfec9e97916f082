using Skein.Agent;
using Skein.Agent.Mcp;
using Skein.Core;
using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Agent.Mcp;

/// <summary>Servers that hang, lie, flood and go away: what the model reads then, and that the next call works.</summary>
public sealed class BrokenMcpServerTests : IAsyncDisposable
{
    private readonly ManualClock _clock = new();
    private readonly List<McpHost> _hosts = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }

    [Fact]
    public async Task One_that_never_greets_is_given_up_and_not_tried_again_at_once()
    {
        var host = Host(McpHost.Server("geese") with { Command = McpStandIn.MuteCommand }, _clock);

        var looking = host.Servers.LookAsync(host.Configured[0], host.Folder.Path, Cancellation);
        await _clock.WhenWaitedForAsync(TimeSpan.FromSeconds(30), Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(30));
        var look = await looking;
        var again = await host.Servers.LookAsync(host.Configured[0], host.Folder.Path, Cancellation);

        Assert.EndsWith("cannot be used: it did not answer within 30 s", look.Problem, StringComparison.Ordinal);
        Assert.Equal(look.Problem, again.Problem);
        Assert.Equal(0, host.Servers.Running);
    }

    [Fact]
    public async Task What_is_no_message_is_passed_over()
    {
        var host = Host(McpHost.Server("geese") with { Command = McpStandIn.NoisyCommand });

        var results = await host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"honk"}"""), McpHost.Call("mcp__geese__fail"));

        Assert.EndsWith(": honk", results[0].Output, StringComparison.Ordinal);
        Assert.Equal("No geese today.", results[1].Output);
    }

    [Fact]
    public async Task An_answer_that_is_none_is_an_error_and_the_server_stays()
    {
        var host = Host(McpHost.Server("geese"));

        var results = await host.ResultsAsync(
            McpHost.Call("mcp__geese__echo", """{"text":"x"}"""), McpHost.Call("mcp__geese__nonsense"), McpHost.Call("mcp__geese__echo", """{"text":"x"}"""));

        Assert.True(results[1].IsError);
        Assert.StartsWith("The MCP server 'geese' failed: ", results[1].Output, StringComparison.Ordinal);
        Assert.Equal(results[0].Output, results[2].Output);
    }

    [Fact]
    public async Task A_line_that_never_ends_is_an_error_that_says_so_and_the_next_call_starts_the_server_again()
    {
        var host = Host(McpHost.Server("geese"));

        var results = await host.ResultsAsync(McpHost.Call("mcp__geese__flood"), McpHost.Call("mcp__geese__echo", """{"text":"back"}"""));

        Assert.True(results[0].IsError);
        Assert.Contains($"It printed a line of more than {BoundedLines.MostBytes} bytes.", results[0].Output, StringComparison.Ordinal);
        Assert.EndsWith(": back", results[1].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_and_a_resource_of_a_server_that_is_gone_are_told_in_words()
    {
        var host = Host(McpHost.Server("geese"));
        var script = host.Folder.Write("geese.js", await File.ReadAllTextAsync(McpStandIn.Command[1], Cancellation));
        host.Configured[0] = host.Configured[0] with { Command = ["node", script] };
        await using (var before = host.Again())
            await before.ExtendAsync(new Toolbox([], Sample.Open), host.Session(), Cancellation);
        File.Delete(script);

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(async () => await new McpPrompts(host.Servers).ExpandAsync(host.Session(), "/geese:greet Ann", Cancellation));
        var result = Assert.Single(await host.ResultsAsync(McpHost.Call("mcp_resource", """{"server":"geese"}""")));

        Assert.StartsWith($"The MCP server 'geese' (node {script}) cannot be used: ", refused.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The MCP server 'geese' (node {script}) cannot be used: ", result.Output, StringComparison.Ordinal);
        Assert.True(result.IsError);
    }

    [Fact]
    public async Task One_behind_an_address_that_dies_in_a_call_is_an_error_and_is_reached_again_when_it_is_back()
    {
        var host = Host(McpHost.Server("geese"));
        var (http, port) = await ListenAsync(host);
        await using var first = http;
        host.Configured[0] = host.Configured[0] with { Command = [], Url = new Uri($"http://127.0.0.1:{port}/mcp"), Key = "geese", TimeoutSeconds = 1 };
        await host.Servers.ExtendAsync(new Toolbox([], Sample.Open), host.Session(), Cancellation);

        var results = await host.ResultsAsync(McpHost.Call("mcp__geese__hang"), McpHost.Call("mcp__geese__die"), McpHost.Call("mcp__geese__echo", """{"text":"?"}"""));
        await first.WaitAsync(Cancellation);
        var (later, _) = await ListenAsync(host, port);
        await using var second = later;
        var back = Assert.Single(await host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"back"}""")));

        Assert.Equal("The MCP server 'geese' did not answer within 1 s", results[0].Output);
        Assert.All(results, r => Assert.True(r.IsError));
        Assert.EndsWith(": back", back.Output, StringComparison.Ordinal);
    }

    private static async Task<(ChildProcess Server, string Port)> ListenAsync(McpHost host, string port = "0")
    {
        var http = ChildProcess.Start(new ChildStart(McpStandIn.HttpCommand[0], [.. McpStandIn.HttpCommand[1..], port], host.Folder.Path, host.Tooling.Environment));
        using var said = new StreamReader(http.Output, leaveOpen: true);
        return (http, (await said.ReadLineAsync(Cancellation))!);
    }

    private McpHost Host(McpServer server, TimeProvider? time = null)
    {
        var host = new McpHost(time);
        host.Configured.Add(server);
        _hosts.Add(host);
        return host;
    }
}
