using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A whole day at the terminal, with everything that happens to a conversation in it.</summary>
public sealed class WorkingDayTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        User.Variables["ANTHROPIC_BASE_URL"] = Model.Address;
        User.Variables["ANTHROPIC_API_KEY"] = "x";
        User.Write("sum.txt", "1 + 1 = 3\n");
        return Task.CompletedTask;
    }

    [Fact(Timeout = 180_000)]
    public async Task From_the_first_prompt_to_the_export_nothing_is_lost()
    {
        await using (var pane = await Pane.OpenAsync(User, "skein --model anthropic/claude-sonnet-4-5", width: 110))
        {
            await StartWithAQuestionAsync(pane);
            await InterruptAsync(pane);
            await SteerAsync(pane);
            await ForkAndUndoAsync(pane);
            await pane.PressAsync("C-d");
            await pane.SeeAsync("go on with  skein --resume ");
        }

        await using (var pane = await Pane.OpenAsync(User, "skein -c", width: 110))
        await using (var second = await Pane.OpenAsync(User, "skein attach last", width: 110))
        {
            await pane.SeeAsync("Sum fixed");
            await second.SeeAsync("In the copy.");
            await LoseTheServerAsync(pane, second);
        }

        await using var last = await Pane.OpenAsync(User, "skein --resume 2", width: 110);
        await last.SeeAsync("Told in time.");
        Assert.DoesNotContain("In the copy.", await last.LookBackAsync(), StringComparison.Ordinal);
        await SayAsync(last, "/export day.md");
        await last.SeeAsync("written to ");
        var exported = await File.ReadAllTextAsync(Path.Combine(User.Project, "day.md"), Cancellation);
        string[] inOrder = ["Correct the sum.", "It is right now.", "Explain it.", "It is so since", "Check it.", "in French, please", "Told in time."];
        Assert.Equal(inOrder, inOrder.OrderBy(text => exported.IndexOf(text, StringComparison.Ordinal)).ToArray());
        Assert.DoesNotContain(inOrder, text => !exported.Contains(text, StringComparison.Ordinal));
    }

    private async Task StartWithAQuestionAsync(Pane pane)
    {
        Model.Enqueue(
            new StreamedAnswer(new Called("c1", "edit", """{"path":"sum.txt","old_string":"= 3","new_string":"= 2"}""")) { Tokens = new(20_000, 100) },
            new StreamedAnswer(new Said("It is right now.")) { Tokens = new(30_000, 10_000) });
        await pane.SeeAsync("new session");
        await SayAsync(pane, "Correct the sum.");
        Assert.Contains("  │ -1 + 1 = 3\n  │ +1 + 1 = 2\n", await pane.SeeAsync("y once"), StringComparison.Ordinal);
        await pane.PressAsync("y");
        await pane.SeeAsync("It is right now.");
        await pane.SeeAsync("· $0.30 · 80 % context left");
        Assert.Equal("1 + 1 = 2\n", await File.ReadAllTextAsync(Path.Combine(User.Project, "sum.txt"), Cancellation));
    }

    private async Task InterruptAsync(Pane pane)
    {
        Model.Enqueue(new StreamedAnswer(new Said("It is so since"), new Stalled(Task.Delay(Timeout.Infinite, Cancellation))));
        await SayAsync(pane, "Explain it.");
        await pane.SeeAsync("It is so since");
        await pane.PressAsync("Escape");
        await pane.SeeAsync("■ interrupted");
    }

    private async Task SteerAsync(Pane pane)
    {
        var go = new TaskCompletionSource();
        Model.Enqueue(
            new StreamedAnswer(new Said("I look. "), new Stalled(go.Task), new Called("c2", "read", """{"path":"sum.txt"}""")),
            new StreamedAnswer(new Said("Told in time.")));
        await SayAsync(pane, "Check it.");
        await pane.SeeAsync("I look.");
        await SayAsync(pane, "in French, please");
        await pane.SeeAsync("⧗ in French, please");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("↪ in French, please");
        go.SetResult();
        await pane.SeeAsync("› in French, please\n\nTold in time.");
        Assert.Contains("in French, please", Model.Requests[^1].Body.ToString(), StringComparison.Ordinal);
    }

    private async Task ForkAndUndoAsync(Pane pane)
    {
        Model.Enqueue(new StreamedAnswer(new Said("In the copy.")), new StreamedAnswer(new Said("To be taken back.")));
        await SayAsync(pane, "/fork");
        await pane.SeeAsync("(fork)");
        await SayAsync(pane, "Go on here.");
        await pane.SeeAsync("In the copy.");
        await SayAsync(pane, "One too many.");
        await pane.SeeAsync("To be taken back.");
        await SayAsync(pane, "/undo");
        await pane.SeeAsync("› One too many.\nanthropic");
        await pane.PressAsync("C-u");
        await SayAsync(pane, "/rename Sum fixed");
        await pane.SeeAsync("is called 'Sum fixed' now");
    }

    private async Task LoseTheServerAsync(Pane pane, Pane second)
    {
        Model.Enqueue(new StreamedAnswer(new Said("As if nothing had been.")));
        Assert.Equal(0, (await User.ShellAsync($"kill -9 {await User.ServerPidAsync()}")).Code);
        await SayAsync(pane, "Are you there?");
        await pane.SeeAsync("As if nothing had been.");
        await second.SeeAsync("As if nothing had been.");
    }

    private static async Task SayAsync(Pane pane, string line)
    {
        await pane.TypeAsync(line);
        await pane.PressAsync("Enter");
    }
}
