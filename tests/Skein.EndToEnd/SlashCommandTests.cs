using System.Text.Json;

namespace Skein.EndToEnd;

/// <summary>Commands of a project, as its user has them: the example of <c>docs/commands.md</c>.</summary>
public sealed class SlashCommandTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_command_is_listed_once_its_folder_is_trusted_and_then_writes_the_prompt()
    {
        Write();
        var call = "/review src/goose.cs \"thread safety\"";

        var before = await _user.GoodAsync("commands");
        var untrusted = await _user.GoodAsync("run", "--model", _user.Script("What?"), "--json", call);
        await _user.GoodAsync("trust");
        var listed = await _user.JsonAsync("commands");
        var used = await _user.GoodAsync("run", "--model", _user.Script("Reviewed."), "--json", call);

        Assert.Contains("No commands", before.Out, StringComparison.Ordinal);
        Assert.Contains("is not trusted", before.Error, StringComparison.Ordinal);
        Assert.Equal(call, PromptIn(untrusted));
        var command = Assert.Single(listed.GetProperty("commands").EnumerateArray());
        Assert.Equal("review [file] [what to look for]", $"{command.GetProperty("name")} {command.GetProperty("arguments")}");
        Assert.Equal(
            $"[{call}]\n\nReview src/goose.cs, and look above all for: thread safety\nKeep to the rules of @docs/rules.md.\n\n<file path=\"docs/rules.md\">\nNo feathers.\n</file>",
            PromptIn(used));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_s_own_model_is_its_turn_s_alone()
    {
        await _user.GoodAsync("trust");
        var (usual, other) = (_user.Script("The usual one.", "Never.", "The usual one again."), _user.Script("Never.", "The other one."));
        _user.Write(".skein/commands/ask.md", $"---\nmodel: {other}\n---\nWho are you?");

        await _user.GoodAsync("run", "--model", usual, "Who are you?");
        var asked = await _user.GoodAsync("run", "-c", "/ask");
        var again = await _user.GoodAsync("run", "-c", "And now?");

        Assert.Contains("The other one.", asked.Out, StringComparison.Ordinal);
        Assert.Contains("The usual one again.", again.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_breaks_a_rule_is_refused_with_file_and_line_and_leaves_no_session()
    {
        await _user.GoodAsync("trust");
        _user.Write(".skein/commands/review.md", "---\ndescription: x\nmodel: large\n---\nReview.");

        var listed = await _user.RunAsync("commands");
        var called = await _user.RunAsync("run", "--model", _user.Script("Never."), "/review");

        Assert.Equal(1, listed.Code);
        Assert.Contains("review.md:3: 'model' must be 'provider/name', not 'large'.", listed.Error, StringComparison.Ordinal);
        Assert.Contains("review.md:3: 'model' must be 'provider/name', not 'large'.", called.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, called.Code);
        Assert.Empty((await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray());
    }

    [Fact(Timeout = 60_000)]
    public async Task One_whose_agent_or_provider_nobody_has_is_refused_and_leaves_no_session()
    {
        await _user.GoodAsync("trust");
        _user.Write(".skein/commands/a.md", "---\nagent: nobody\n---\nGo.");
        _user.Write(".skein/commands/m.md", "---\nmodel: nowhere/large\n---\nGo.");
        _user.Write(".skein/commands/h.md", "Just go.");

        var agent = await _user.RunAsync("run", "--model", _user.Script("Never."), "/a");
        var model = await _user.RunAsync("run", "--model", _user.Script("Never."), "/m");

        Assert.Equal(2, agent.Code);
        Assert.Contains("There is no agent 'nobody'", agent.Error, StringComparison.Ordinal);
        Assert.Equal(2, model.Code);
        Assert.Contains("There is no provider 'nowhere'", model.Error, StringComparison.Ordinal);
        Assert.Empty((await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray());

        // What other programs take for a call for help.
        Assert.Contains("Gone.", (await _user.GoodAsync("run", "--model", _user.Script("Gone."), "/h")).Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task In_the_REPL_it_is_hinted_at_completed_and_in_the_help()
    {
        await _user.GoodAsync("trust");
        Write();
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {_user.Script("Reviewed.")}");
        await pane.SeeAsync("new session");

        await pane.TypeAsync("/rev");
        await pane.SeeAsync("Reviews a file with the team's rules");
        await pane.PressAsync("Tab");
        await pane.TypeAsync("src/goose.cs");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("No feathers.");
        await pane.SeeAsync("Reviewed.");
        await pane.TypeAsync("/help");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("/review [file] [what to look for]");
    }

    private void Write()
    {
        var page = File.ReadAllText(Path.Combine(PublishedProgram.Repository, "docs", "commands.md"));
        var start = page.IndexOf("```markdown\n", StringComparison.Ordinal) + "```markdown\n".Length;
        _user.Write(".skein/commands/review.md", page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)]);
        _user.Write("docs/rules.md", "No feathers.\n");
    }

    private static string PromptIn(ProgramRun run) => run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonElement.Parse(line))
        .Where(e => e.GetProperty("type").GetString() == "message.added")
        .Select(e => e.GetProperty("data").GetProperty("parts")[0].GetProperty("content").GetProperty("text").GetString()!)
        .First();
}
