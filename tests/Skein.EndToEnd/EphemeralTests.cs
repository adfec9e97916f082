using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>P-04: running without keeping anything.</summary>
public sealed class EphemeralTests : IAsyncDisposable
{
    private readonly User _user = new();

    public EphemeralTests() => _user.Variables["TMPDIR"] = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_user.Home)!, "tmp")).FullName;

    private string Temporary => _user.Variables["TMPDIR"]!;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_keeps_nothing_works_and_leaves_nothing()
    {
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = "seq 1 20000 > counted; seq 1 20000" } }, new { type = "text", text = "Counted." });

        var run = await _user.GoodAsync("run", "--ephemeral", "--mode", "auto", "--model", model, "Count.");

        Assert.Equal("Counted.\n", run.Out);
        Assert.EndsWith("nothing of it was kept\n", run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_user.Project, "counted")));
        Assert.False(Directory.Exists(_user.Home));
        Assert.Empty(Directory.GetDirectories(Temporary, "skein-*"));
        var other = await _user.RunAsync("run", "--ephemeral", "-c", "Again.");
        Assert.Equal(2, other.Code);
        Assert.Contains("--ephemeral goes with neither", other.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_talk_of_which_nothing_is_kept_leaves_nothing()
    {
        Requires.Programs("tmux");
        await using (var pane = await Pane.OpenAsync(_user, $"skein --ephemeral --model {_user.Script("Hi.")}"))
        {
            await pane.SeeAsync("new session");
            await pane.TypeAsync("Hello?");
            await pane.PressAsync("Enter");
            await pane.SeeAsync(" out");
            await pane.PressAsync("C-d");
            await pane.SeeAsync("nothing of it was kept");
            await pane.SeeAsync("ended with 0");
        }

        Assert.False(Directory.Exists(_user.Home));
        Assert.Empty(Directory.GetDirectories(Temporary, "skein-*"));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_killed_run_left_is_removed_by_the_next()
    {
        var slow = _user.ScriptOf(new { type = "text", text = new string('.', 10_000), chunk = 1, delay_ms = 20 });
        using var killed = _user.Start("run", "--ephemeral", "--model", slow, "Talk.");
        killed.Input.Close();
        await killed.SaidAsync("....");
        killed.Signal("KILL");
        await killed.EndAsync();
        Assert.Single(Directory.GetDirectories(Temporary, "skein-*"));

        await _user.GoodAsync("run", "--ephemeral", "--model", _user.Script("Hi."), "Hello.");

        Assert.Empty(Directory.GetDirectories(Temporary, "skein-*"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_is_ended_by_a_signal_leaves_nothing_either()
    {
        var slow = _user.ScriptOf(new { type = "text", text = new string('.', 10_000), chunk = 1, delay_ms = 20 });
        using var ended = _user.Start("run", "--ephemeral", "--model", slow, "Talk.");
        ended.Input.Close();
        await ended.SaidAsync("....");

        ended.Signal("TERM");

        Assert.Equal(130, (await ended.EndAsync()).Code);
        Assert.Empty(Directory.GetDirectories(Temporary, "skein-*"));
    }
}
