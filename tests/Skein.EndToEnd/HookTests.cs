namespace Skein.EndToEnd;

/// <summary>Hooks of a project, as its user has them: the example of <c>docs/hooks.md</c>.</summary>
public sealed class HookTests : IAsyncDisposable
{
    private readonly User _user = new();

    public HookTests() => Skein.Testing.Requires.Programs("bwrap", "prlimit");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task They_run_once_their_folder_is_trusted_forbid_a_command_and_tell_the_model_of_an_edit()
    {
        _user.Write("skein.json", Example("json"));
        _user.Write(".skein/hooks/no-push.sh", Example("sh"));
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = "echo git push" } },
            new { type = "call", tool = "write", arguments = new { path = "a.txt", content = "one\ntwo\n" } },
            new { type = "text", text = "Done." });

        var before = await _user.GoodAsync("run", "--mode", "auto", "--json", "--model", model, "Go.");
        File.Delete(Path.Combine(_user.Project, "a.txt"));
        await _user.GoodAsync("trust");
        var after = await _user.GoodAsync("run", "--mode", "auto", "--json", "--model", model, "Go.");

        Assert.Contains("hooks[0], hooks[1]", before.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("forbids this", before.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("lines now", before.Out, StringComparison.Ordinal);
        Assert.Contains("(before_tool) forbids this: Pushing is for people.", after.Out, StringComparison.Ordinal);
        Assert.Contains("[Hooks say]\\n2 lines now", after.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prompt_that_one_forbids_is_refused_and_leaves_no_session()
    {
        await _user.GoodAsync("trust");
        _user.Write("skein.json", """{ "hooks": [{ "on": "prompt", "command": ["sh", "-c", "echo '{\"decision\":\"deny\",\"reason\":\"Not on Sundays.\"}'"] }] }""");

        var refused = await _user.RunAsync("run", "--model", _user.Script("Never."), "Go.");

        Assert.NotEqual(0, refused.Code);
        Assert.Contains("(prompt) forbids this: Not on Sundays.", refused.Error, StringComparison.Ordinal);
        Assert.Empty((await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray());
    }

    [Fact(Timeout = 60_000)]
    public async Task The_end_of_a_session_is_told_when_the_server_stops()
    {
        await _user.GoodAsync("trust");
        _user.Write("skein.json", """{ "hooks": [{ "on": "session_end", "command": ["sh", "-c", "cat > ended.json"] }] }""");

        await _user.GoodAsync("run", "--model", _user.Script("Done."), "Go.");
        await _user.GoodAsync("stop");

        Assert.Contains("\"event\":\"session_end\"", await File.ReadAllTextAsync(Path.Combine(_user.Project, "ended.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_driven_agent_is_forbidden_what_it_asks_for_in_every_mode_and_its_turns_and_sessions_are_told()
    {
        Skein.Testing.Requires.Programs("node");
        using var own = new Skein.Testing.TempFolder();
        var agent = $"acp:{string.Join(' ', Skein.Testing.AcpStandIn.Command(own.Path).Select(word => $"'{word}'"))}";
        await _user.GoodAsync("trust");
        _user.Write("skein.json", """
            { "hooks": [
              { "on": "before_tool", "command": ["sh", "-c", "cat > asked.json; grep -q pond asked.json && echo '{\"decision\":\"deny\",\"reason\":\"Not the pond.\"}'; true"] },
              { "on": "session_start", "command": ["sh", "-c", "cat >> told"] },
              { "on": "turn_end", "command": ["sh", "-c", "cat >> told"] },
              { "on": "session_end", "command": ["sh", "-c", "cat >> told"] }
            ] }
            """);

        await _user.GoodAsync("run", "--agent", agent, "--mode", "auto", "write pond.txt");
        await _user.GoodAsync("run", "--agent", agent, "--mode", "auto", "write lake.txt");
        await _user.GoodAsync("stop");

        Assert.False(File.Exists(Path.Combine(_user.Project, "pond.txt")));
        Assert.True(File.Exists(Path.Combine(_user.Project, "lake.txt")));
        var told = await File.ReadAllTextAsync(Path.Combine(_user.Project, "told"), TestContext.Current.CancellationToken);
        Assert.Equal((2, 2, 2), (Count("session_start"), Count("turn_end"), Count("session_end")));

        int Count(string on) => told.Split($"\"event\":\"{on}\"").Length - 1;
    }

    private static string Example(string language)
    {
        var page = File.ReadAllText(Path.Combine(PublishedProgram.Repository, "docs", "hooks.md"));
        var start = page.IndexOf($"```{language}\n", StringComparison.Ordinal) + $"```{language}\n".Length;
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
    }
}
