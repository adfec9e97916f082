
namespace Skein.EndToEnd;

/// <summary>The server in the background, and what happens to it.</summary>
public sealed class ServerTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_command_that_starts_the_server_lets_a_shell_go_on()
    {
        var run = await _user.ShellAsync("x=$(skein ls --json 2>&1); echo \"got $x\"; skein status");

        Assert.True(run.Code == 0, run.ToString());
        Assert.StartsWith("got {\"items\":[],\"next\":null}\nrunning", run.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Commands_that_start_it_at_once_come_to_the_same_server()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _user.RunAsync("ls", "--all", "--json")));

        Assert.All(runs, run => Assert.Equal((0, "{\"items\":[],\"next\":null}\n"), (run.Code, run.Out)));
        Assert.True((await _user.JsonAsync("status")).GetProperty("running").GetBoolean());
    }

    [Fact(Timeout = 60_000)]
    public async Task Status_and_stop_start_none()
    {
        var before = await _user.RunAsync("status", "--json");
        var stop = await _user.RunAsync("stop");
        var help = await _user.RunAsync("--help");

        Assert.Equal($"{{\"running\":false,\"home\":\"{_user.Home}\"}}\n", before.Out);
        Assert.Equal((0, 0, 0), (before.Code, stop.Code, help.Code));
        Assert.False(Directory.Exists(_user.Home));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_second_server_names_the_first_and_commands_use_that()
    {
        await _user.RunAsync("ls");
        var status = await _user.JsonAsync("status");
        var (pid, socket) = (status.GetProperty("pid").GetInt32(), status.GetProperty("socket").GetString()!);

        var second = await _user.RunAsync("serve");
        var inProcess = await _user.RunAsync("run", "--in-process", "--model", _user.Script("Hi."), "Hello.");
        var run = await _user.RunAsync("run", "--model", _user.Script("Hi."), "Hello.");

        foreach (var refused in (ProgramRun[])[second, inProcess])
        {
            Assert.Equal(1, refused.Code);
            Assert.Contains($"pid {pid}", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
            Assert.Contains(socket, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal((0, "Hi.\n"), (run.Code, run.Out));
        Assert.Equal(pid, await _user.ServerPidAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task In_process_leaves_no_server_but_the_session()
    {
        var run = await _user.RunAsync("run", "--in-process", "--model", _user.Script("Hi."), "Hello.");

        Assert.Equal((0, "Hi.\n"), (run.Code, run.Out));
        Assert.False((await _user.JsonAsync("status")).GetProperty("running").GetBoolean());
        Assert.Single((await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray());
    }

    [Theory(Timeout = 60_000)]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_the_server_cleanly_and_its_turns_with_it(string signal)
    {
        using var server = _user.Start("serve");
        using var attached = await RunningTurnAsync();

        server.Signal(signal);
        var end = await server.EndAsync();

        Assert.True(end.Code == 0, end.ToString());
        Assert.False(File.Exists(Path.Combine(_user.Home, "server.json")));
        var items = (await _user.JsonAsync("ls")).GetProperty("items");
        Assert.Equal("interrupted", items[0].GetProperty("status").GetString());
        Assert.Contains("\"reason\":\"stop\"", await LogAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("session.repaired", await LogAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Stop_returns_when_the_home_is_free()
    {
        await _user.RunAsync("ls");
        var pid = await _user.ServerPidAsync();

        var stop = await _user.RunAsync("stop");
        var serve = _user.Start("serve");

        Assert.Equal((0, $"The server with pid {pid} stopped.\n"), (stop.Code, stop.Out));
        await _user.UntilServedAsync();
        serve.Signal("TERM");
        Assert.Equal(0, (await serve.EndAsync()).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task Over_tcp_a_token_is_needed_which_status_tells()
    {
        using var server = _user.Start("serve", "--listen", "127.0.0.1:0");
        await _user.UntilServedAsync();
        var status = await _user.JsonAsync("status");
        using var http = new HttpClient { BaseAddress = new Uri(status.GetProperty("listen").GetString()!) };

        var without = await http.GetAsync("/v1/sessions", TestContext.Current.CancellationToken);
        http.DefaultRequestHeaders.Authorization = new("Bearer", status.GetProperty("token").GetString());
        var with = await http.GetAsync("/v1/sessions", TestContext.Current.CancellationToken);

        Assert.Equal(401, (int)without.StatusCode);
        Assert.Equal(200, (int)with.StatusCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_others_could_reach_wants_to_know_by_what_name()
    {
        var run = await _user.RunAsync("serve", "--listen", "0.0.0.0:0");

        Assert.Equal(2, run.Code);
        Assert.Contains("--allow-host", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private async Task<RunningProgram> RunningTurnAsync()
    {
        await _user.UntilServedAsync();
        var run = _user.Start("run", "--json", "--model", _user.ScriptOf(new { type = "text", text = new string('x', 4000), chunk = 4, delay_ms = 50 }), "Talk.");
        run.Input.Close();
        await run.EventsUntilAsync("part.streamed");
        return run;
    }

    private async Task<string> LogAsync()
    {
        var file = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories));
        return await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
    }
}
