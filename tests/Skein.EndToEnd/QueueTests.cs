using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.EndToEnd;

/// <summary>Prompts that wait, as a person sees to them at the command line.</summary>
public sealed class QueueTests : IAsyncDisposable
{
    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Prompts_that_wait_are_shown_edited_taken_back_and_go_on_by_themselves_after_kill_9()
    {
        using var first = await StartAsync("Second.", "Third.");

        Assert.Equal("1 Second.\n2 Third.\n", (await _user.GoodAsync("queue", "1")).Out);

        Assert.Equal("1 Another.\n2 Third.\n", (await _user.GoodAsync("queue", "1", "--edit", "1", "Another.")).Out);
        Assert.Equal("1 Another.\n", (await _user.GoodAsync("queue", "1", "--drop", "2")).Out);
        var refused = await _user.RunAsync("queue", "1", "--drop", "2");
        Assert.Equal(2, refused.Code);
        Assert.Contains("There is no prompt 2: 1 wait.", refused.Error, StringComparison.Ordinal);

        first.Kill();
        await _user.KillServerAsync();
        await CompletedAsync();

        Assert.Equal("No prompt waits.\n", (await _user.GoodAsync("queue", "1")).Out);
        Assert.Contains("Another.", (await _user.GoodAsync("show", "1")).Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Who_waits_for_a_prompt_that_is_taken_back_waits_no_longer()
    {
        using var first = await StartAsync();
        using var second = _user.Start("run", "-s", "1", "--when", "queue", "--json", "Second.");
        second.Input.Close();
        await second.EventsUntilAsync("prompt.queued");

        await _user.GoodAsync("queue", "1", "--drop", "1");
        var ended = await second.EndAsync();

        Assert.Equal(130, ended.Code);
        Assert.Contains("the prompt was taken back before its turn began", ended.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task After_a_stop_they_wait_until_the_first_is_started()
    {
        using var first = await StartAsync("Second.");
        await _user.GoodAsync("stop");

        var listed = await _user.GoodAsync("ls");
        var left = await _user.GoodAsync("queue", "1");
        var both = await _user.RunAsync("queue", "1", "--start", "--drop", "1");
        var started = await _user.GoodAsync("queue", "1", "--start");
        await CompletedAsync();
        var none = await _user.RunAsync("queue", "1", "--start");

        Assert.Contains("  interrupted ⧗1  ", listed.Out, StringComparison.Ordinal);
        Assert.Equal("1 Second.\n", left.Out);
        Assert.Matches("^No turn runs: they wait for the next prompt, or 'skein queue [a-z0-9]+ --start'.\n$", left.Error);
        Assert.Contains("--edit, --drop, --steer and --start exclude each other.", both.Error, StringComparison.Ordinal);
        Assert.Equal("No prompt waits.\n", started.Out);
        Assert.Contains("no prompt waits", none.Error, StringComparison.Ordinal);
        Assert.Equal((2, 1), (both.Code, none.Code));
    }

    [Fact(Timeout = 120_000)]
    public async Task At_the_prompt_they_are_shown_after_a_stop_and_an_empty_line_starts_the_first()
    {
        using var first = await StartAsync("Second.");
        await _user.GoodAsync("stop");

        await using var pane = await Pane.OpenAsync(_user, "skein -c");
        await pane.SeeAsync("⧗ Second.");
        await pane.SeeAsync("Enter: start ⧗ now");
        await pane.PressAsync("Enter");

        await pane.SeeAsync("› Second.\n\nTwo.");
    }

    /// <summary>Lets the first turn complete that does so.</summary>
    private async Task CompletedAsync()
    {
        using var attached = _user.Start("attach", "1", "--after", "0", "--json");
        await attached.EventsUntilAsync("turn.completed");
    }

    /// <summary>A turn that does not end, and these prompts behind it.</summary>
    private async Task<RunningProgram> StartAsync(params string[] prompts)
    {
        var model = _user.ScriptOf(
            new { type = "text", text = new string('.', 10_000), chunk = 1, delay_ms = 20 }, new { type = "text", text = "Two." });
        var first = _user.Start("run", "--json", "--model", model, "First.");
        first.Input.Close();

        // Only what it has said for certain makes the script go on behind it.
        await first.EventsUntilAsync("part.streamed");
        await using var client = SkeinClient.ForSocket((await _user.JsonAsync("status")).GetProperty("socket").GetString()!);
        var session = (await client.ListAsync(new SessionQuery(), Cancellation)).Items[0].Id;
        foreach (var prompt in prompts)
            await client.PromptAsync(session, new PromptRequest(prompt, When: WhenBusy.Queue), Cancellation);
        return first;
    }
}
