using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>MCP servers as their user adds them, and as an agent uses them.</summary>
public sealed class McpTests : IAsyncDisposable
{
    private readonly User _user = new();

    public McpTests() => Requires.Programs("node");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_server_is_added_tested_used_in_a_turn_and_removed()
    {
        await GoodAsync(["mcp", "add", "geese", "--", .. McpStandIn.Command]);
        var tested = await GoodAsync("mcp", "test", "--json");
        var used = await GoodAsync("run", "--mode", "auto", "--json", "--model", Calling("mcp__geese__echo"), "Go.");
        await GoodAsync("mcp", "remove", "geese");
        var removed = await _user.RunAsync("mcp", "remove", "geese");

        var tools = JsonDocument.Parse(tested.Out).RootElement[0].GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString());
        Assert.Contains("echo", tools);
        Assert.Contains(": honk", used.Out, StringComparison.Ordinal);
        Assert.Equal(2, removed.Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_of_the_project_waits_for_trust_and_for_consent()
    {
        _user.Write(".mcp.json", JsonSerializer.Serialize(new { mcpServers = new { geese = new { command = McpStandIn.Command[0], args = McpStandIn.Command[1..] } } }));

        var untrusted = await GoodAsync("mcp", "list");
        await GoodAsync("trust");
        var waiting = await GoodAsync("mcp", "list");
        var told = await GoodAsync("run", "--mode", "auto", "--json", "--model", Calling("mcp__geese__echo"), "Go.");
        await GoodAsync("mcp", "allow", "geese");
        var used = await GoodAsync("run", "--mode", "auto", "--json", "--model", Calling("mcp__geese__echo"), "Go.");

        Assert.StartsWith("No MCP servers.", untrusted.Out, StringComparison.Ordinal);
        Assert.Contains("skein mcp allow geese", waiting.Out, StringComparison.Ordinal);
        Assert.Contains("is not started before you agree", told.Error, StringComparison.Ordinal);
        Assert.Contains("There is no tool 'mcp__geese__echo'", told.Out, StringComparison.Ordinal);
        Assert.Contains(": honk", used.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_cannot_be_used_is_told_with_what_it_said()
    {
        await GoodAsync(["mcp", "add", "geese", "--", .. McpStandIn.BrokenCommand]);

        var tested = await _user.RunAsync("mcp", "test");

        Assert.Equal(1, tested.Code);
        Assert.Contains("The geese are out.", tested.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_behind_an_address_is_sent_the_token_that_its_user_stored_and_nobody_is_shown_it()
    {
        using var http = _user.StartOther("node", McpStandIn.HttpCommand[1..]);
        await GoodAsync("mcp", "add", "geese", "--url", $"http://127.0.0.1:{await http.LineAsync()}/mcp", "--key", "pond");

        var without = await _user.RunAsync("mcp", "test");
        var unknown = await _user.RunAsync("honk-honk", ["auth", "set", "lake"]);
        var stored = await _user.RunAsync("honk-honk", ["auth", "set", "pond"]);
        var listed = await GoodAsync("auth", "list");
        var used = await GoodAsync("run", "--mode", "auto", "--json", "--model", Calling("mcp__geese__echo"), "Go.");
        await _user.RunAsync("wrong", ["auth", "set", "pond"]);
        var refused = await _user.RunAsync("mcp", "test");

        Assert.Contains("skein auth set pond", without.Out, StringComparison.Ordinal);
        Assert.Contains("no MCP server has a key of that name", unknown.Error, StringComparison.Ordinal);
        Assert.True(stored.Code == 0, stored.ToString());
        Assert.Contains("stored, for the MCP server geese", listed.Out, StringComparison.Ordinal);
        Assert.Contains(": honk", used.Out, StringComparison.Ordinal);
        Assert.Contains("401", refused.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("honk-honk", $"{without}{unknown}{stored}{listed}{used}{refused}", StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_is_added_for_the_sandbox_is_listed_so_and_sees_only_what_commands_see()
    {
        Requires.Programs("bwrap");
        var stand = _user.Write("stand-in.js", await File.ReadAllTextAsync(McpStandIn.Command[1], TestContext.Current.CancellationToken));
        await GoodAsync("mcp", "add", "geese", "--sandbox", "--timeout", "7", "--", "node", stand);
        var listed = await GoodAsync("mcp", "list");
        var outside = Path.Combine(_user.OwnFolder, "outside");
        await GoodAsync("run", "--mode", "auto", "--json", "--model", _user.ScriptOf(Touch("inside"), Touch(outside), new { type = "text", text = "Done." }), "Go.");
        var wrong = await _user.RunAsync("mcp", "add", "ducks", "--sandbox", "--url", "http://127.0.0.1:1/mcp");

        Assert.Contains("in the sandbox", listed.Out, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_user.Project, "inside")));
        Assert.False(File.Exists(outside));
        Assert.Equal(1, wrong.Code);
        Assert.Contains("has a 'sandbox', which is for a 'command'", wrong.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_page_s_lines_make_the_settings_that_it_shows()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(PublishedProgram.Repository, "docs", "mcp.md"), TestContext.Current.CancellationToken);
        var shown = JsonNode.Parse(Block(page, "json"))!["mcp"]!;
        foreach (var line in Block(page, "sh").Split('\n').Where(l => l.StartsWith("skein mcp add", StringComparison.Ordinal)))
        {
            var added = await _user.ShellAsync(line.Replace("skein", $"'{PublishedProgram.Path}'", StringComparison.Ordinal));
            Assert.True(added.Code == 0, $"{line}\n{added}");
        }

        var made = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_user.OwnFolder, ".config", "skein", "skein.json"), TestContext.Current.CancellationToken))!["mcp"]!;

        Assert.Equal(["everything", "pond", "tracker"], made.AsObject().Select(s => s.Key).Order(StringComparer.Ordinal));
        Assert.Equal(shown["everything"]!["command"]!.ToJsonString(), made["everything"]!["command"]!.ToJsonString());
        Assert.Equal((shown["tracker"]!["url"]!.ToString(), "tracker"), (made["tracker"]!["url"]!.ToString(), made["tracker"]!["key"]!.ToString()));
        Assert.Equal("""{"command":["node","tools/pond.mjs"],"sandbox":true,"timeout_seconds":20}""", made["pond"]!.ToJsonString());
    }

    private static string Block(string page, string kind) => page.Split($"```{kind}\n")[1].Split("```")[0];

    private static object Touch(string path) => new { type = "call", tool = "mcp__geese__touch", arguments = new { path } };

    private string Calling(string tool) => _user.ScriptOf(
        new { type = "call", tool, arguments = new { text = "honk" } }, new { type = "text", text = "Done." });

    private async Task<ProgramRun> GoodAsync(params string[] arguments)
    {
        var run = await _user.RunAsync(arguments);
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
