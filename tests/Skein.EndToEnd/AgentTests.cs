namespace Skein.EndToEnd;

/// <summary>Agents of a project, as its user has them: the example of <c>docs/agents.md</c>.</summary>
public sealed class AgentTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task An_agent_is_listed_once_its_folder_is_trusted_and_then_works_with_its_own_tools_and_mode()
    {
        _user.Write(".skein/agents/reviewer.md", Example());
        _user.Write(".skein/agents/broken.md", "---\ndescription: x\nmode: free\n---\nx");
        var model = _user.ScriptOf(new { type = "call", tool = "bash", arguments = new { command = "true" } }, new { type = "text", text = "No faults." });

        var before = await _user.RunAsync("run", "--agent", "reviewer", "--model", model, "Review.");
        await _user.GoodAsync("trust");
        var listed = await _user.RunAsync("agents");
        var broken = await _user.RunAsync("run", "--agent", "broken", "--model", model, "Review.");
        var run = await _user.GoodAsync("run", "--agent", "reviewer", "--model", model, "--json", "Review.");

        Assert.Equal(2, before.Code);
        Assert.Contains("There is no agent 'reviewer'", before.Error, StringComparison.Ordinal);
        Assert.Equal(1, listed.Code);
        Assert.Contains("Looks for faults in what was changed.", listed.Out, StringComparison.Ordinal);
        Assert.All([listed, broken], r => Assert.Contains("broken.md:3: 'mode' must be one of ask, plan, edits, auto, not 'free'.", r.Error, StringComparison.Ordinal));
        Assert.Contains("There is no tool 'bash'. Tools: read, ", run.Out, StringComparison.Ordinal);
        var session = (await _user.JsonAsync("ls")).GetProperty("items")[0];
        Assert.Equal(("reviewer", "plan"), (session.GetProperty("agent").GetString(), session.GetProperty("mode").GetString()));
    }

    private static string Example()
    {
        var page = File.ReadAllText(Path.Combine(PublishedProgram.Repository, "docs", "agents.md"));
        var start = page.IndexOf("```markdown\n", StringComparison.Ordinal) + "```markdown\n".Length;
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
    }
}
