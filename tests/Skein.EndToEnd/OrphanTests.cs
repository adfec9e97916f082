using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>
/// What runs for a session when its server is killed. Everything that was started holds a pipe open, also what left its group: the pipe's end
/// is the end of the last.
/// </summary>
public sealed class OrphanTests : IAsyncDisposable
{
    private const string Hold = "exec 9>held; echo up >&9; (setsid sleep 1000 &) ; sleep 1000";

    // Outside of the sandbox what left the group may live on, as docs/security.md says.
    private const string HoldInGroup = "exec 9>held; echo up >&9; (sleep 1000 &) ; sleep 1000";

    private readonly User _user = new();

    public OrphanTests() => Requires.Programs("bwrap", "ps");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_ends_with_a_killed_server_and_with_it_all_it_started(bool isBackground)
    {
        using var held = await RunAsync(new { type = "call", tool = "bash", arguments = new { command = Hold, background = isBackground } });

        await _user.KillServerAsync();

        await EndOf(held);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true, Hold)]
    [InlineData(false, HoldInGroup)]
    public async Task A_hook_ends_with_a_killed_server_and_with_it_all_it_started(bool sandbox, string script)
    {
        await _user.GoodAsync("trust");
        _user.Write("skein.json", JsonSerializer.Serialize(new { hooks = new[] { new { on = "prompt", command = new[] { "sh", "-c", script }, sandbox } } }));
        using var held = await RunAsync();

        await _user.KillServerAsync();

        await EndOf(held);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_of_MCP_ends_with_a_killed_server_and_with_it_its_group()
    {
        await _user.GoodAsync(["mcp", "add", "geese", "--", "sh", "-c", $"exec 9>'{Held}'; echo up >&9; sleep 1000 & exec \"$@\"", "sh", .. McpStandIn.Command]);
        using var held = await RunAsync(new { type = "call", tool = "mcp__geese__echo", arguments = new { text = "honk" } });

        await _user.KillServerAsync();

        await EndOf(held);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_sandbox_that_is_killed_ends_all_in_it_and_the_turn_goes_on()
    {
        using var held = await RunAsync(new { type = "call", tool = "bash", arguments = new { command = Hold } });
        var killed = await _user.ShellAsync($"pkill -KILL -P {await _user.ServerPidAsync()} bwrap");

        Assert.True(killed.Code == 0, killed.ToString());
        await EndOf(held);
        using var run = _user.Start("attach", "last", "--json", "--after", "0");
        await run.EventsUntilAsync("part.streamed");
    }

    private static object Endless => new { type = "text", text = new string('.', 10_000), chunk = 1, delay_ms = 20 };

    private string Held => Path.Combine(_user.Project, "held");

    /// <param name="step">What the model does first.</param>
    /// <returns>The pipe, once something holds it. Nobody is attached any longer, who would start a server anew.</returns>
    private async Task<StreamReader> RunAsync(params object[] step)
    {
        Directory.CreateDirectory(_user.Project);
        var made = await _user.ShellAsync($"mkfifo '{Held}'");
        Assert.True(made.Code == 0, made.ToString());
        using var run = _user.Start("run", "--mode", "auto", "--json", "--model", _user.ScriptOf([.. step, Endless]), "Go.");
        run.Input.Close();

        // To open it waits for somebody who writes.
        var held = await Task.Run(() => new StreamReader(Held), Cancellation);
        Assert.Equal("up", await held.ReadLineAsync(Cancellation));
        run.Kill();
        return held;
    }

    private static async Task EndOf(StreamReader held) => Assert.Equal("", await held.ReadToEndAsync(Cancellation));
}
