namespace Skein.EndToEnd;

/// <summary>What is wrong is said in one clear line that names it, and the exit code tells programs.</summary>
public sealed class BadInputTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Theory(Timeout = 60_000)]
    [InlineData(1, "ses_01kah3q6x9v3m8zr5t0w2y4b6c", "show", "ses_01kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData(1, "nosuch", "show", "nosuch")]
    [InlineData(1, "number 7", "show", "7")]
    [InlineData(1, "There is no session", "run", "--continue", "hi")]
    [InlineData(2, "../../etc/passwd", "show", "../../etc/passwd")]
    [InlineData(2, "../../etc/passwd", "run", "--session", "../../etc/passwd", "hi")]
    [InlineData(2, "../../etc/passwd", "trash", "../../etc/passwd")]
    [InlineData(2, "bogus/x", "run", "--model", "bogus/x", "hi")]
    [InlineData(2, "bogus", "run", "--model", "bogus", "hi")]
    [InlineData(2, "'nobody'", "run", "--agent", "nobody", "hi")]
    [InlineData(2, "--mode everything: it must be one of ask, plan, edits, auto", "run", "--mode", "everything", "hi")]
    [InlineData(2, "'no/such/file' does not exist", "run", "--file", "no/such/file")]
    [InlineData(2, "There is no prompt", "run")]
    [InlineData(2, "did you mean 'ls'?", "lss")]
    [InlineData(2, "did you mean '--model'?", "run", "--modle", "x/y", "hi")]
    [InlineData(2, "--limit 0: it must be a number from 1 to 1000", "ls", "--limit", "0")]
    [InlineData(2, "'skein fork' needs SESSION", "fork")]
    [InlineData(2, "exclude each other", "run", "-c", "-s", "last", "hi")]
    [InlineData(2, "no such folder", "trust", "/no/such/folder")]
    public async Task Bad_input_is_told_by_name_and_rule(int code, string said, params string[] arguments)
    {
        var run = await _user.RunAsync(arguments);

        Assert.True(run.Code == code, run.ToString());
        Assert.Equal("", run.Out);
        var line = Assert.Single(run.ErrorLines);
        Assert.StartsWith("skein: ", line, StringComparison.Ordinal);
        Assert.Contains(said, line, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prompt_that_no_model_can_take_leaves_no_session()
    {
        var run = await _user.RunAsync("run", "hi");
        var listed = await _user.RunAsync("ls", "--all", "--json");

        Assert.True(run.Code == 2, run.ToString());
        Assert.Equal(4, run.ErrorLines.Length);
        Assert.StartsWith("skein: No model yet. ", run.Error, StringComparison.Ordinal);
        Assert.All((string[])["skein demo", "ollama pull", "skein auth set", "skein agents"], way => Assert.Contains(way, run.Error, StringComparison.Ordinal));
        Assert.Contains("\"items\":[]", listed.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task In_a_folder_that_was_deleted_its_sessions_are_there_and_work_is_refused()
    {
        var model = _user.Script("Hi.");
        var run = await _user.ShellAsync(
            $"mkdir gone && cd gone && skein run --model {model} Hello. && rmdir ../gone && skein ls && skein show last && skein run --model {model} Again.");

        Assert.True(run.Code == 2, run.ToString());
        Assert.Contains("1  ", run.Out, StringComparison.Ordinal);
        Assert.Contains($"The workspace '{Path.Combine(_user.Project, "gone")}' is not a folder that exists.", run.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_home_that_is_a_file_is_refused()
    {
        await File.WriteAllTextAsync(_user.Home, "", TestContext.Current.CancellationToken);

        await RefusesHomeAsync(_user);

        File.Delete(_user.Home);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_home_of_another_user_is_refused_and_left_alone()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs to be root, who alone can give a folder away");
        Directory.CreateDirectory(_user.Home);
        await _user.ShellAsync($"chown 65534 '{_user.Home}'");

        var run = await RefusesHomeAsync(_user);

        Assert.Contains("belongs to user 65534", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_user.Home));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_home_that_cannot_be_written_is_refused()
    {
        // Even root cannot make a folder there.
        _user.Variables["SKEIN_HOME"] = "/proc/skein-home";

        await RefusesHomeAsync(_user);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_broken_settings_file_is_told_with_its_key()
    {
        _user.Variables["SKEIN_CONFIG"] = _user.Write("settings.json", """{"mode":"everything"}""");

        var run = await _user.RunAsync("ls");

        Assert.Equal(1, run.Code);
        Assert.Contains("mode", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private static async Task<ProgramRun> RefusesHomeAsync(User user)
    {
        var ls = await user.RunAsync("ls");
        var run = await user.RunAsync("run", "--model", user.Script("Hi."), "hi");
        var serve = await user.RunAsync("serve");

        foreach (var refused in (ProgramRun[])[ls, run, serve])
        {
            Assert.True(refused.Code == 1, refused.ToString());
            Assert.Contains(user.Variables["SKEIN_HOME"]!, Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        }

        return ls;
    }
}
