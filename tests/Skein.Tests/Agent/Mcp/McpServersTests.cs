using System.Text.Json;
using Skein.Agent;
using Skein.Agent.Mcp;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Mcp;

/// <summary>The tools of MCP servers in turns: a real program over its pipes.</summary>
public sealed class McpServersTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<McpServer> _configured = [];
    private readonly McpServers _servers;

    public McpServersTests()
    {
        Requires.Programs("node");
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["SEEN"] = "by all" };
        _servers = new McpServers((_, _) => Task.FromResult(new McpServerSet(_configured, [])), environment, new Dictionary<string, string>(), TimeProvider.System);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Their_tools_are_called_by_unique_legal_names_and_one_process_serves_them()
    {
        Configure("geese");

        var results = await ResultsAsync(Call("mcp__geese__echo", """{"text":"honk"}"""), Call("mcp__geese__echo", """{"text":"honk honk"}"""), Call("mcp__geese__two_parts"));

        Assert.EndsWith(": honk", results[0].Output, StringComparison.Ordinal);
        Assert.EndsWith(": honk honk", results[1].Output, StringComparison.Ordinal);
        Assert.Equal(results[0].Output.Split(':')[0], results[1].Output.Split(':')[0]);
        Assert.Equal("one\n\ntwo\n\n[an image, image/png, 3 bytes]", results[2].Output);
    }

    [Fact]
    public async Task A_call_that_fails_and_a_server_that_dies_are_errors_the_model_reads_and_the_next_call_starts_it_again()
    {
        Configure("geese");

        var results = await ResultsAsync(Call("mcp__geese__fail"), Call("mcp__geese__die"), Call("mcp__geese__echo", """{"text":"back"}"""));

        Assert.Equal(new ToolResultPart(results[0].CallId, "No geese today.", IsError: true), results[0]);
        Assert.True(results[1].IsError);
        Assert.StartsWith("The MCP server 'geese' failed: ", results[1].Output, StringComparison.Ordinal);
        Assert.EndsWith(": back", results[2].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_without_an_answer_ends_after_the_server_s_time()
    {
        _configured.Add(Server("geese") with { TimeoutSeconds = 1 });

        var results = await ResultsAsync(Call("mcp__geese__hang"));

        Assert.Equal(new ToolResultPart(results[0].CallId, "The MCP server 'geese' did not answer within 1 s", IsError: true), results[0]);
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_is_a_note_and_the_others_work()
    {
        Configure("geese");
        _configured.Add(Server("ducks") with { Command = McpStandIn.BrokenCommand });
        _configured.Add(Server("swans") with { Command = ["no-such-program"] });

        var box = await _servers.ExtendAsync(new Toolbox([], Sample.Open), Session(), Cancellation);

        Assert.Contains(box.Tools, t => t.Name == "mcp__geese__echo");
        Assert.Collection(
            box.Notes,
            n => Assert.Contains("'ducks'", n, StringComparison.Ordinal),
            n => Assert.StartsWith("The MCP server 'swans' (no-such-program) cannot be used: ", n, StringComparison.Ordinal));
        Assert.Contains("The geese are out.", box.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_sees_what_tools_see_and_what_is_its_own()
    {
        _configured.Add(Server("geese") with { Environment = new Dictionary<string, string> { ["ITS_OWN"] = "yes" } });

        var seen = JsonElement.Parse((await ResultsAsync(Call("mcp__geese__environment")))[0].Output);

        Assert.Equal("by all", seen.GetProperty("SEEN").GetString());
        Assert.Equal("yes", seen.GetProperty("ITS_OWN").GetString());
        Assert.False(seen.TryGetProperty("HOME", out _));
    }

    [Fact]
    public async Task Two_that_need_a_server_at_once_start_one()
    {
        Configure("geese");

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ResultsAsync(Call("mcp__geese__echo", """{"text":"x"}"""))));

        Assert.Single(results.Select(r => r[0].Output).Distinct());
    }

    [Fact]
    public async Task It_is_asked_about_like_a_command_whatever_the_server_says_of_it()
    {
        Configure("geese");
        var box = await _servers.ExtendAsync(new Toolbox([], Sample.Open), Session(), Cancellation);

        var intent = await box.Tools.First(t => t.Name == "mcp__geese__echo").DescribeAsync(
            Sample.Json("""{"text":"x"}"""), new ToolContext(_folder.Path, Looped.Turn()), Cancellation);

        Assert.Equal(new ToolIntent(ToolEffect.Execute, "geese echo", "geese: echo", """{"text":"x"}"""), intent);
    }

    [Theory]
    [InlineData("mcp__geese__a_b", "a.b")]
    [InlineData("mcp__geese__a_b_2", "a b")]
    [InlineData("mcp__geese__xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public void Names_are_legal_short_and_unique(string name, string tool)
    {
        var taken = new HashSet<string>();
        McpTool.NameFor("geese", "a b", tool == "a b" ? taken : []);

        Assert.Equal(name, McpTool.NameFor("geese", tool, taken));
        Assert.InRange(name.Length, 1, 64);
    }

    private static ScriptStep Call(string tool, string arguments = "{}") => new([new ScriptCall(tool, Sample.Json(arguments))]);

    private static McpServer Server(string name) => new(
        name, McpStandIn.Command, new Dictionary<string, string>(), null, new Dictionary<string, string>(), null, McpServer.DefaultTimeoutSeconds);

    private void Configure(string name) => _configured.Add(Server(name));

    private Session Session() => Sample.Session(Looped.Model, RealPath.Of(_folder.Path));

    private async Task<ToolResultPart[]> ResultsAsync(params ScriptStep[] steps)
    {
        var looped = new Looped([.. steps, Looped.Say("Done.")]) { Extend = _servers.ExtendAsync };
        var record = await looped.RunAsync(new FakeTurn(Session(), [Sample.User("Go.")]));
        Assert.Null(record.Failure);
        return [.. record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>()];
    }
}
