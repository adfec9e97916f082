using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A call that is tried again, as a person sees it: at the prompt, as text and as events; and the wait can be ended.</summary>
public sealed class RetryTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        PassForOpenAi();
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task At_the_prompt_the_wait_is_told_and_ended_with_a_key_and_the_next_prompt_goes_on()
    {
        Model.Enqueue(Busy(seconds: 200), new StreamedAnswer(new Said("Here I am again.")));
        await using var pane = await Pane.OpenAsync(User, "skein --model openai/any");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Hello?");
        await pane.PressAsync("Enter");

        var waiting = await pane.SeeAsync("↻ openai answered 429: Slow down.; attempt 2 in ");
        Assert.Contains("Esc interrupts", waiting, StringComparison.Ordinal);
        await pane.PressAsync("Escape");
        await pane.SeeAsync("■ interrupted");
        await pane.TypeAsync("And now?");
        await pane.PressAsync("Enter");

        await pane.SeeAsync("Here I am again.");
        Assert.Equal(2, Model.Requests.Count);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_run_tells_of_the_wait_as_text_and_ctrl_c_ends_it()
    {
        Model.Enqueue(Busy(seconds: 200), new StreamedAnswer(new Said("Here I am again.")));
        using var run = User.StartAtTerminal("skein run --model openai/any Hello?");

        await run.SaidAsync("↻ openai answered 429: Slow down.; attempt 2 in ");
        await run.Input.WriteAsync("\u0003");
        await run.Input.FlushAsync(Cancellation);
        await run.SaidAsync("■ interrupted");

        Assert.Equal(130, (await run.EndAsync()).Code);
        Assert.Equal("Here I am again.\n", (await User.GoodAsync("run", "--continue", "And now?")).Out);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_run_tells_of_the_wait_as_an_event_and_a_signal_ends_it()
    {
        Model.Enqueue(Busy(seconds: 200));
        using var run = User.Start("run", "--json", "--model", "openai/any", "Hello?");
        run.Input.Close();

        var retried = (await run.EventsUntilAsync("model.retried"))[^1].GetProperty("data");
        run.Signal("INT");
        await run.EventsUntilAsync("turn.interrupted");

        Assert.Equal(130, (await run.EndAsync()).Code);
        Assert.Equal((1, "quota"), (retried.GetProperty("attempt").GetInt32(), retried.GetProperty("kind").GetString()));
        Assert.InRange(retried.GetProperty("delay_ms").GetInt64(), 200_000, 250_000);
        Assert.Single(Model.Requests);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_connection_that_is_reset_is_tried_again_and_told()
    {
        Model.Enqueue(new NoAnswer(), new StreamedAnswer(new Said("All is well.")));

        var run = await User.GoodAsync("run", "--model", "openai/any", "Hello?");

        Assert.Equal("All is well.\n", run.Out);
        Assert.Contains("attempt 2 in 2", Assert.Single(run.ErrorLines, line => line.StartsWith('↻')), StringComparison.Ordinal);
    }

    private static RefusedAnswer Busy(int seconds) => RefusedAnswer.OpenAi(429, "rate_limit", "Slow down.", ("retry-after", $"{seconds}"));
}
