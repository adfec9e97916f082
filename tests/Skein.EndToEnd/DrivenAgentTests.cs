using System.Diagnostics;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>An agent that is driven, as its user has it: by its command, or by a name from the settings.</summary>
public sealed class DrivenAgentTests : IAsyncDisposable
{
    private readonly User _user = new();
    private readonly TempFolder _own = new();

    public DrivenAgentTests() => Requires.Programs("node");

    public async ValueTask DisposeAsync()
    {
        await _user.DisposeAsync();
        _own.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task It_changes_a_file_and_goes_on_in_its_own_session_after_the_server_was_killed()
    {
        var agent = $"acp:{string.Join(' ', AcpStandIn.Command(_own.Path).Select(word => $"'{word}'"))}";

        var wrote = await _user.GoodAsync("run", "--agent", agent, "--mode", "auto", "write pond.txt");
        using (var server = Process.GetProcessById(await _user.ServerPidAsync()))
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var session = (await _user.JsonAsync("ls")).GetProperty("items")[0];
        var own = session.GetProperty("agent_session").GetString()!;
        var went = await _user.GoodAsync("run", "-s", own, "state");

        Assert.Equal("geese\n", await File.ReadAllTextAsync(Path.Combine(_user.Project, "pond.txt"), TestContext.Current.CancellationToken));
        Assert.Contains("Written, as o says.", wrote.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("sandbox", wrote.Error, StringComparison.Ordinal);
        Assert.Contains("\"mode\":\"default\",\"prompts\":2", went.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await File.ReadAllLinesAsync(_own.Below("starts"), TestContext.Current.CancellationToken)).Length);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_was_said_with_it_is_searched_summed_up_and_forked_as_with_any_other()
    {
        var agent = $"acp:{string.Join(' ', AcpStandIn.Command(_own.Path))}";
        await _user.GoodAsync("run", "--agent", agent, "echo geese over the pond");
        var origin = (await _user.JsonAsync("ls")).GetProperty("items")[0];

        var found = await _user.GoodAsync("search", "said: geese");
        var cost = await _user.JsonAsync("cost", "--by", "agent");
        await _user.GoodAsync("fork", "last");
        var went = await _user.GoodAsync("run", "-s", "last", "state");

        Assert.Contains("over the pond", found.Out, StringComparison.Ordinal);
        Assert.Equal((agent, 0.25m), (cost.GetProperty("items")[0].GetProperty("key").GetString(), cost.GetProperty("total").GetProperty("cost").GetDecimal()));
        Assert.Contains("\"prompts\":1", went.Out, StringComparison.Ordinal);
        var fork = (await _user.JsonAsync("ls")).GetProperty("items")[0];
        Assert.NotEqual(origin.GetProperty("agent_session").GetString(), fork.GetProperty("agent_session").GetString());
        Assert.Contains("geese over the pond", await File.ReadAllTextAsync(_own.Below(fork.GetProperty("agent_session").GetString() + ".json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task In_a_terminal_it_has_its_own_model_and_goes_on_from_a_second_one_after_the_server_was_killed()
    {
        Requires.Programs("tmux");
        _user.Variables["OPENAI_API_KEY"] = "sk-not-for-it";
        var agent = $"acp:{string.Join(' ', AcpStandIn.Command(_own.Path))}";

        await using (var first = await Pane.OpenAsync(_user, $"skein --agent '{agent}'"))
        {
            await first.SeeAsync("new session");
            await first.TypeAsync("state");
            await first.PressAsync("Enter");
            await first.SeeAsync("\"model\":\"grey\"");
            await using var second = await Pane.OpenAsync(_user, "skein attach last");
            await second.SeeAsync("\"model\":\"grey\"");
            using (var server = Process.GetProcessById(await _user.ServerPidAsync()))
            {
                server.Kill();
                await server.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
        }

        await using var later = await Pane.OpenAsync(_user, "skein -c");
        await later.SeeAsync("2 messages");
        await later.TypeAsync("state");
        await later.PressAsync("Enter");
        await later.SeeAsync("\"prompts\":2");
    }

    [Fact(Timeout = 120_000)]
    public async Task One_of_the_settings_is_not_offered_to_be_told_more_in_its_turn()
    {
        Requires.Programs("tmux");
        _user.Variables["SKEIN_CONFIG"] = _own.Write("skein.json", JsonSerializer.Serialize(new { agents = new { gander = new { command = AcpStandIn.Command(_own.Path) } } }));

        await using var pane = await Pane.OpenAsync(_user, "skein --agent gander", width: 110);
        await pane.SeeAsync("new session");
        await pane.TypeAsync("sleep");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("Sleeping");
        await pane.TypeAsync("echo more");
        await pane.PressAsync("Enter");

        Assert.DoesNotContain("tell the running turn", await pane.SeeAsync("take ⧗ back"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task One_that_falls_silent_fails_its_turn_and_goes_on_with_the_next()
    {
        await _user.GoodAsync("config", "set", "silence_seconds", "5");
        var agent = $"acp:{string.Join(' ', AcpStandIn.Command(_own.Path))}";

        var fell = await _user.RunAsync("run", "--agent", agent, "sleep");
        var went = await _user.GoodAsync("run", "-s", "last", "state");

        Assert.Equal(1, fell.Code);
        Assert.Contains("said nothing for 5 s in the middle of its turn", fell.Error, StringComparison.Ordinal);
        Assert.Contains("'silence_seconds' in the settings", fell.Error, StringComparison.Ordinal);
        Assert.Contains("\"prompts\":2", went.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_settings_name_it_and_the_list_says_whether_it_is_installed()
    {
        var settings = JsonSerializer.Serialize(new
        {
            agent = "goose",
            agents = new Dictionary<string, object> { ["goose"] = new { command = AcpStandIn.Command(_own.Path) }, ["gone"] = new { command = new[] { "no-such-goose" } } },
        });
        _user.Variables["SKEIN_CONFIG"] = _own.Write("skein.json", settings);

        var listed = await _user.JsonAsync("agents");
        var said = await _user.GoodAsync("run", "echo honk");

        var agents = listed.GetProperty("agents").EnumerateArray().ToDictionary(a => a.GetProperty("name").GetString()!);
        Assert.Equal("goose", listed.GetProperty("default").GetString());
        Assert.True(agents["goose"].GetProperty("usable").GetBoolean());
        Assert.StartsWith("v", agents["goose"].GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.Equal("'no-such-goose' is not installed", agents["gone"].GetProperty("problem").GetString());
        Assert.Equal(JsonValueKind.Null, agents["goose"].GetProperty("can").ValueKind);
        Assert.Equal(["model", "resume", "fork", "steer", "import"], agents["codex"].GetProperty("can").EnumerateArray().Select(c => c.GetString()));
        Assert.Contains("You said: honk", said.Out, StringComparison.Ordinal);
    }
}
