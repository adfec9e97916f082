using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Turns that are ended by a limit, and go on.</summary>
public sealed class LimitTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        PassForOpenAi();
        User.Write("a.txt", "geese");
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_ends_at_its_limit_of_cost_or_steps_says_so_and_the_next_prompt_goes_on()
    {
        Model.Enqueue(Reads("c1"), Reads("c2"), Reads("c3"), new StreamedAnswer(new Said("It says geese.")));

        // gpt-5.5: 5 dollars a million tokens of input, 30 of output.
        var dear = await User.RunAsync("run", "--model", "openai/gpt-5.5", "--max-cost", "0.5", "What does a.txt say?");
        var steps = await User.RunAsync("run", "--continue", "--max-steps", "2", "Go on.");
        var done = await User.GoodAsync("run", "--continue", "Go on.");

        Assert.Equal(1, dear.Code);
        Assert.Contains("✗ The turn was stopped: it cost $0.80, and max_cost is $0.50. All that was done is kept, and the next prompt goes on from here.", dear.Error, StringComparison.Ordinal);
        Assert.Equal(1, steps.Code);
        Assert.Contains("✗ The turn was stopped after 2 calls of the model: max_steps is 2.", steps.Error, StringComparison.Ordinal);
        Assert.Equal("It says geese.\n", done.Out);
        Assert.Equal(4, Model.Requests.Count);
        var sent = Model.Requests[^1].Body.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("role").GetString());
        Assert.Equal(["system", "user", "assistant", "tool", "user", "assistant", "tool", "assistant", "tool", "user"], sent);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_limit_in_the_settings_holds_for_every_turn_that_says_nothing_else()
    {
        await User.GoodAsync("config", "set", "max_steps", "1");
        Model.Enqueue(Reads("c1"), Reads("c2"), new StreamedAnswer(new Said("It says geese.")));

        var stopped = await User.RunAsync("run", "--model", "openai/any", "What does a.txt say?");
        var done = await User.GoodAsync("run", "--continue", "--max-steps", "2", "Go on.");

        Assert.Contains("✗ The turn was stopped after 1 call of the model: max_steps is 1.", stopped.Error, StringComparison.Ordinal);
        Assert.Equal("It says geese.\n", done.Out);
        Assert.Equal("1\n", (await User.GoodAsync("config", "get", "max_steps")).Out);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("--max-cost", "0")]
    [InlineData("--max-cost", "-1")]
    [InlineData("--max-cost", "much")]
    [InlineData("--max-steps", "0")]
    public async Task A_limit_that_is_none_is_refused(string option, string value)
    {
        var run = await User.RunAsync("run", option, value, "Hello?");

        Assert.Equal(2, run.Code);
        Assert.Contains(option, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private static StreamedAnswer Reads(string call) => new(new Called(call, "read", """{"path":"a.txt"}""")) { Tokens = new AnswerTokens(100_000, 10_000) };
}
