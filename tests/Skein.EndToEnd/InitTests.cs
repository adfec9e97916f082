namespace Skein.EndToEnd;

/// <summary><c>skein init</c> succeeds only if there is an AGENTS.md afterwards that was not there before.</summary>
public sealed class InitTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task The_file_that_the_agent_wrote_is_there()
    {
        var init = await _user.RunAsync("init", "--yes", "--model", Writing("AGENTS.md"));

        Assert.True(init.Code == 0, init.ToString());
        Assert.Contains("Wrote AGENTS.md, 2 lines.", init.Out, StringComparison.Ordinal);
        Assert.Equal("# Geese\nRun `make`.\n", await File.ReadAllTextAsync(Path.Combine(_user.Project, "AGENTS.md"), TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_consent_and_without_a_terminal_it_fails_and_writes_nothing()
    {
        var init = await _user.RunAsync("init", "--model", Writing("AGENTS.md"));

        Assert.True(init.Code == 1, init.ToString());
        Assert.Contains("The agent ended without writing AGENTS.md.", init.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Project, "AGENTS.md")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Consent_to_that_file_is_none_to_another_and_a_failed_turn_is_no_success()
    {
        var other = await _user.RunAsync("init", "--yes", "--model", Writing("sub/AGENTS.md"));
        var blank = await _user.RunAsync("init", "--yes", "--model", _user.ScriptOf(
            new { type = "call", tool = "write", arguments = new { path = "AGENTS.md", content = "\n" } }, new { type = "text", text = "Done." }));
        _user.Write("AGENTS.md", "There already.\n");
        var kept = await _user.RunAsync("init", "--yes", "--model", _user.Script("It is fine as it is."));

        Assert.True(other.Code == 1, other.ToString());
        Assert.False(Directory.Exists(Path.Combine(_user.Project, "sub")));
        Assert.True(blank.Code == 1, blank.ToString());
        Assert.True(kept.Code == 1, kept.ToString());
        Assert.Contains("left AGENTS.md as it was", kept.Error, StringComparison.Ordinal);
    }

    private string Writing(string path) => _user.ScriptOf(
        new { type = "call", tool = "write", arguments = new { path, content = "# Geese\nRun `make`.\n" } }, new { type = "text", text = "Done." });
}
