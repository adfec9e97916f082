using System.Text.Json;
using Skein.Agent;
using Skein.Agent.Mcp;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;
using Skein.Sandbox.Confining;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Mcp;

/// <summary>The tools of MCP servers in turns: a real program over its pipes.</summary>
public sealed class McpServersTests : IAsyncDisposable
{
    private readonly McpHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Their_tools_are_called_by_unique_legal_names_and_one_process_serves_them()
    {
        _host.Configure("geese");

        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"honk"}"""), McpHost.Call("mcp__geese__echo", """{"text":"honk honk"}"""), McpHost.Call("mcp__geese__two_parts"));

        Assert.EndsWith(": honk", results[0].Output, StringComparison.Ordinal);
        Assert.EndsWith(": honk honk", results[1].Output, StringComparison.Ordinal);
        Assert.Equal(results[0].Output.Split(':')[0], results[1].Output.Split(':')[0]);
        Assert.Equal("one\n\ntwo\n\n[an image, image/png, 3 bytes]", results[2].Output);
    }

    [Fact]
    public async Task A_call_that_fails_and_a_server_that_dies_are_errors_the_model_reads_and_the_next_call_starts_it_again()
    {
        _host.Configure("geese");

        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__fail"), McpHost.Call("mcp__geese__die"), McpHost.Call("mcp__geese__echo", """{"text":"back"}"""));

        Assert.Equal(new ToolResultPart(results[0].CallId, "No geese today.", IsError: true), results[0]);
        Assert.True(results[1].IsError);
        Assert.StartsWith("The MCP server 'geese' failed: ", results[1].Output, StringComparison.Ordinal);
        Assert.EndsWith(": back", results[2].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_without_an_answer_ends_after_the_server_s_time()
    {
        _host.Configured.Add(McpHost.Server("geese") with { TimeoutSeconds = 1 });

        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__hang"));

        Assert.Equal(new ToolResultPart(results[0].CallId, "The MCP server 'geese' did not answer within 1 s", IsError: true), results[0]);
    }

    [Fact]
    public async Task A_call_that_nobody_waits_for_any_longer_is_taken_back_at_the_server()
    {
        _host.Configured.Add(McpHost.Server("geese") with { TimeoutSeconds = 1 });

        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__hang"), McpHost.Call("mcp__geese__taken_back"));

        Assert.Equal("[\"call-1\"]", results[1].Output);
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_is_a_note_and_the_others_work()
    {
        _host.Configure("geese");
        _host.Configured.Add(McpHost.Server("ducks") with { Command = McpStandIn.BrokenCommand });
        _host.Configured.Add(McpHost.Server("swans") with { Command = ["no-such-program"] });

        var box = await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        Assert.Contains(box.Tools, t => t.Name == "mcp__geese__echo");
        Assert.Collection(
            box.Notes,
            n => Assert.Contains("'ducks'", n, StringComparison.Ordinal),
            n => Assert.StartsWith("The MCP server 'swans' (no-such-program) cannot be used: ", n, StringComparison.Ordinal));
        Assert.Contains("The geese are out.", box.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_answers_what_it_does_not_know_is_greeted_as_before()
    {
        _host.Configured.Add(McpHost.Server("geese") with { Command = McpStandIn.AgreeableCommand });

        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"honk"}"""));

        Assert.EndsWith(": honk", results[0].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_sees_what_tools_see_and_what_is_its_own()
    {
        _host.Configured.Add(McpHost.Server("geese") with { Environment = new Dictionary<string, string> { ["ITS_OWN"] = "yes" } });

        var seen = JsonElement.Parse((await _host.ResultsAsync(McpHost.Call("mcp__geese__environment")))[0].Output);

        Assert.Equal("by all", seen.GetProperty("SEEN").GetString());
        Assert.Equal("yes", seen.GetProperty("ITS_OWN").GetString());
        Assert.False(seen.TryGetProperty("HOME", out _));
    }

    [Fact]
    public async Task Two_that_need_a_server_at_once_start_one()
    {
        _host.Configure("geese");

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"x"}"""))));

        Assert.Single(results.Select(r => r[0].Output).Distinct());
    }

    [Fact]
    public async Task It_is_asked_about_like_a_command_whatever_the_server_says_of_it()
    {
        _host.Configure("geese");
        var box = await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        var intent = await box.Tools.First(t => t.Name == "mcp__geese__echo").DescribeAsync(
            Sample.Json("""{"text":"x"}"""), new ToolContext(_host.Folder.Path, Looped.Turn()), Cancellation);

        Assert.Equal(new ToolIntent(ToolEffect.Execute, "geese echo", "geese: echo", """{"text":"x"}"""), intent);
    }

    [Fact]
    public async Task One_that_ran_before_is_started_when_something_of_it_is_used_and_not_before()
    {
        _host.Configured.Add(McpHost.Server("geese") with { Environment = new Dictionary<string, string> { ["RUNS"] = "1" } });
        await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);
        await using var later = _host.Again();

        var box = await later.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        Assert.Contains(box.Tools, t => t.Name == "mcp__geese__echo");
        Assert.Equal(0, later.Running);
        await box.Tools.First(t => t.Name == "mcp__geese__echo").RunAsync(Sample.Json("""{"text":"x"}"""), new ToolContext(_host.Folder.Path, Looped.Turn()), Cancellation);
        Assert.Equal(1, later.Running);
    }

    [Fact]
    public async Task What_is_known_of_a_server_is_only_a_cache()
    {
        _host.Configure("geese");
        await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);
        foreach (var file in Directory.EnumerateFiles(_host.Folder.Below("home", "mcp")))
            await File.WriteAllTextAsync(file, "no JSON", Cancellation);
        await using var later = _host.Again();

        var box = await later.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        Assert.Contains(box.Tools, t => t.Name == "mcp__geese__echo");
    }

    [Fact]
    public async Task A_call_that_tells_of_its_progress_has_more_time()
    {
        _host.Configured.Add(McpHost.Server("geese") with { TimeoutSeconds = 1 });

        Assert.Equal("At last.", (await _host.ResultsAsync(McpHost.Call("mcp__geese__slow")))[0].Output);
    }

    [Fact]
    public async Task What_a_server_asks_of_us_is_refused_and_its_call_goes_on()
    {
        _host.Configure("geese");

        Assert.Equal("""{"model":-32601,"user":-32601}""", (await _host.ResultsAsync(McpHost.Call("mcp__geese__ask")))[0].Output);
    }

    [Fact]
    public async Task Resources_are_listed_and_read_and_asked_about_like_a_call()
    {
        _host.Configure("geese");

        var results = await _host.ResultsAsync(
            McpHost.Call("mcp_resource", """{"server":"geese"}"""), McpHost.Call("mcp_resource", """{"server":"geese","uri":"geese://flock"}"""), McpHost.Call("mcp_resource", """{"server":"ducks"}"""));
        var tool = (await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation)).Tools.First(t => t.Name == "mcp_resource");
        var intent = await tool.DescribeAsync(Sample.Json("""{"server":"geese","uri":"geese://flock"}"""), new ToolContext(_host.Folder.Path, Looped.Turn()), Cancellation);

        Assert.Equal("geese://flock  flock: The flock.\ngeese://{name}  one", results[0].Output);
        Assert.Equal("Seven geese.", results[1].Output);
        Assert.Equal("There is no server 'ducks' with resources; there are: geese.", results[2].Output);
        Assert.Equal(new ToolIntent(ToolEffect.Execute, "geese geese://flock", "geese: geese://flock"), intent);
    }

    [Fact]
    public async Task Prompts_are_called_by_a_slash_once_their_server_ran()
    {
        _host.Configure("geese");
        var prompts = new McpPrompts(_host.Servers);
        Assert.Null(await prompts.ExpandAsync(_host.Session(), "/geese:greet Ann", Cancellation));
        await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        var greeted = await prompts.ExpandAsync(_host.Session(), "/geese:greet \"Ann B.\" loudly", Cancellation);
        var missing = await Assert.ThrowsAsync<InvalidRequestException>(async () => await prompts.ExpandAsync(_host.Session(), "/geese:greet", Cancellation));

        Assert.Equal("[/geese:greet \"Ann B.\" loudly]\n\nGreet Ann B., loudly.", greeted!.Text);
        Assert.Equal("/geese:greet needs 'who': /geese:greet who [how]", missing.Message);
        Assert.Null(await prompts.ExpandAsync(_host.Session(), "/geese:other", Cancellation));
    }

    [Fact]
    public async Task A_server_behind_an_address_is_shown_the_stored_key_and_nothing_works_without_it()
    {
        await using var http = ChildProcess.Start(new ChildStart(McpStandIn.HttpCommand[0], McpStandIn.HttpCommand[1..], _host.Folder.Path, _host.Tooling.Environment));
        using var said = new StreamReader(http.Output);
        var address = new Uri($"http://127.0.0.1:{await said.ReadLineAsync(Cancellation)}/mcp");
        _host.Configured.Add(McpHost.Server("geese") with { Command = [], Url = address, Key = "geese" });
        _host.Configured.Add(McpHost.Server("strangers") with { Command = [], Url = address });

        var box = await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);
        var results = await _host.ResultsAsync(McpHost.Call("mcp__geese__echo", """{"text":"honk"}"""));

        Assert.EndsWith(": honk", results[0].Output, StringComparison.Ordinal);
        // A stream that is asked for by GET would be asked for without end where the server is gone.
        Assert.Equal("POST", (await _host.ResultsAsync(McpHost.Call("mcp__geese__methods", "{}")))[0].Output);
        Assert.Contains("401", Assert.Single(box.Notes), StringComparison.Ordinal);
        Assert.DoesNotContain(box.Tools, t => t.Name.StartsWith("mcp__strangers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_its_sandbox_a_server_writes_to_the_folder_alone_and_where_there_is_none_it_is_not_started()
    {
        Requires.Programs("bwrap", "prlimit");
        var outside = Path.Combine(Path.GetTempPath(), $"skein-mcp-{Guid.NewGuid():N}");
        var stand = _host.Folder.Write("stand-in.js", await File.ReadAllTextAsync(McpStandIn.Command[1], Cancellation));
        var (bubblewrap, missing) = await Bubblewrap.FindAsync(_host.Tooling.Environment, TimeProvider.System, Cancellation);
        Assert.True(bubblewrap is not null, missing);
        _host.Configured.Add(McpHost.Server("geese") with { Command = ["node", stand], Sandbox = true });
        _host.Confinement = Confinement.Unavailable("for the test");
        var without = await _host.Servers.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation);

        _host.Confinement = Confinement.In(bubblewrap, new SandboxPolicy(RealPath.Of(_host.Folder.Path), "/nonexistent"));
        await using var later = _host.Again();
        var touch = (await later.ExtendAsync(new Toolbox([], Sample.Open), _host.Session(), Cancellation)).Tools.First(t => t.Name == "mcp__geese__touch");
        var context = new ToolContext(_host.Folder.Path, Looped.Turn());
        await touch.RunAsync(Sample.Json("""{"path":"inside"}"""), context, Cancellation);
        await touch.RunAsync(Sample.Json($$"""{"path":"{{outside}}"}"""), context, Cancellation);

        Assert.Contains("it is to run in a sandbox, and there is none: for the test", Assert.Single(without.Notes), StringComparison.Ordinal);
        Assert.True(File.Exists(_host.Folder.Below("inside")));
        Assert.False(File.Exists(outside));
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
}
