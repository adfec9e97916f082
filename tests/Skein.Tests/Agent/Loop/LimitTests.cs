using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Loop;

/// <summary>What ends a turn that would go on.</summary>
public sealed class LimitTests
{
    // A dollar a token of input, ten a token of output.
    private static readonly Dictionary<string, ModelFacts> s_dear = new() { ["any"] = new(Price: new Price(1_000_000, 10_000_000)) };

    private static readonly StreamedAnswer s_reads = new(new Called("a", "read", "{}")) { Tokens = new AnswerTokens(1, 2) };

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_turn_that_has_cost_what_it_may_ends_with_its_calls_answered_and_the_next_prompt_goes_on(string provider)
    {
        await using var wire = await Wire.StartAsync(provider, models: s_dear);
        wire.Server.Enqueue(s_reads, s_reads, new StreamedAnswer(new Said("Done.")));

        var stopped = await wire.RunAsync(Limited(wire, new TurnLimits(MaxCost: 21.5m)), new FuncTool("read", "text"));
        var next = await wire.RunAsync(wire.Turn([.. stopped.Messages, Sample.User("Go on.")]), new FuncTool("read", "text"));

        Assert.Equal(FailureKind.Limit, stopped.Failure?.Kind);
        Assert.StartsWith("The turn was stopped: it cost $42.00, and max_cost is $21.50. All that was done is kept", stopped.Failure!.Message, StringComparison.Ordinal);
        Assert.All(stopped.Messages, m => Assert.Empty(m.UnansweredCalls));
        Assert.Equal([StopReason.ToolUse, StopReason.ToolUse], stopped.Messages.Skip(1).Select(m => m.Stop!.Value));
        Assert.Equal("Done.", next.Last.Text);
        Assert.Null(next.Failure);
    }

    [Fact]
    public async Task An_answer_that_ends_the_turn_is_no_breach_of_a_limit_whatever_it_cost()
    {
        await using var wire = await Wire.StartAsync("openai", models: s_dear);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(0.01m, 1)));

        Assert.Null(turn.Failure);
    }

    [Fact]
    public async Task Calls_that_are_tried_again_count_as_steps()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(wire.Refuse(500, "server_error", "broken"), s_reads);

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(MaxSteps: 2)), new FuncTool("read", "text"));

        Assert.Equal(2, wire.Server.Requests.Count);
        Assert.Equal(FailureKind.Limit, turn.Failure?.Kind);
        Assert.StartsWith("The turn was stopped after 2 calls of the model: max_steps is 2.", turn.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_call_is_not_tried_again_beyond_the_limit_and_both_are_told()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(wire.Refuse(500, "server_error", "broken"));

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(MaxSteps: 1)));

        Assert.Single(wire.Server.Requests);
        Assert.Equal(FailureKind.Limit, turn.Failure?.Kind);
        Assert.Contains("max_steps is 1.", turn.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("The last call failed: ", turn.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(MessageStatus.Error, turn.Last.Status);
    }

    [Fact]
    public async Task An_empty_answer_is_not_asked_for_again_beyond_the_limit()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer());

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(MaxSteps: 1)));

        Assert.Single(wire.Server.Requests);
        Assert.Equal((MessageStatus.Completed, null), (turn.Last.Status, turn.Failure));
    }

    [Fact]
    public async Task A_limit_that_cannot_be_held_is_told_before_anything_is_spent()
    {
        await using var wire = await Wire.StartAsync("openai");

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(MaxCost: 1)));

        Assert.Empty(wire.Server.Requests);
        Assert.Equal(FailureKind.Limit, Assert.IsType<TurnFailure>(Assert.Single(turn.Outputs)).Kind);
        Assert.Contains("what openai/any costs is not known", turn.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_count_tokens_holds_no_limit_of_cost()
    {
        await using var wire = await Wire.StartAsync("openai", models: s_dear);
        wire.Server.Enqueue(new WholeAnswer("text/event-stream", """
            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"read","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}

            data: [DONE]


            """));

        var turn = await wire.RunAsync(Limited(wire, new TurnLimits(MaxCost: 1)), new FuncTool("read", "text"));

        Assert.Contains("openai/any does not tell how many tokens its answers take", turn.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_turn_had_spent_before_a_restart_counts()
    {
        await using var wire = await Wire.StartAsync("openai", models: s_dear);
        var id = Sample.Ids.Next<TurnId>();
        var before = Sample.Assistant(wire.Model, new ToolCallPart("a", "read", Sample.Json("{}"))) with { Turn = id, Cost = 5 };
        var earlier = Sample.Assistant(wire.Model, new TextPart("Hello.")) with { Turn = Sample.Ids.Next<TurnId>(), Cost = 100 };

        var turn = await wire.RunAsync(
            new FakeTurn(Sample.Session(wire.Model), [Sample.User("Hi."), earlier, Sample.User("Go."), before]) { Id = id, Limits = new TurnLimits(MaxCost: 5) },
            new FuncTool("read", "text"));

        Assert.Empty(wire.Server.Requests);
        Assert.Equal("text", Assert.IsType<ToolResultPart>(turn.LastParts[^1]).Output);
        Assert.StartsWith("The turn was stopped: it cost $5.00,", turn.Failure?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(2, 2)]
    public async Task A_prompt_s_limit_goes_over_that_of_the_settings(int? prompt, int steps)
    {
        var looped = new Looped(Looped.Call("read"), Looped.Call("read"), Looped.Call("read"))
        {
            Tools = [new FuncTool("read", "text")],
            Extend = (box, _, _) => ValueTask.FromResult(box with { Limits = new TurnLimits(MaxSteps: 1) }),
        };

        var turn = await looped.RunAsync(new FakeTurn(Sample.Session(Looped.Model), [Sample.User("Go.")]) { Limits = new TurnLimits(MaxSteps: prompt) });

        Assert.Equal(steps, turn.Events.OfType<MessageCompleted>().Count());
        Assert.Equal(FailureKind.Limit, turn.Failure?.Kind);
    }

    private static FakeTurn Limited(Wire wire, TurnLimits limits) => new(Sample.Session(wire.Model), [Sample.User("Go.")]) { Limits = limits };
}
