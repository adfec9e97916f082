using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Loop;

/// <summary>Whatever becomes of a call, what it took stands in the log, and so in every sum.</summary>
public sealed class CountedCostTests
{
    // A dollar a token of input, ten a token of output.
    private static readonly Dictionary<string, ModelFacts> s_dear = new() { ["any"] = new(Price: new Price(1_000_000, 10_000_000)) };

    private static readonly StreamedAnswer s_broken = new(new Said("Half of "), new Ended()) { Tokens = new AnswerTokens(7, 3) };

    private static readonly StreamedAnswer s_stalling = new(new Said("It stalls"), new Stalled(new TaskCompletionSource().Task)) { Tokens = new AnswerTokens(9, 1) };

    private static readonly StreamedAnswer s_whole = new(new Said("All of it.")) { Tokens = new AnswerTokens(20, 2) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_attempt_took_that_broke_off_is_in_its_message()
    {
        await using var wire = await Wire.StartAsync("anthropic", models: s_dear);
        wire.Server.Enqueue(s_broken, s_broken, s_whole);

        var turn = await wire.RunAsync();

        Assert.Equal((new Usage(34, 2), 54m, "All of it."), (turn.Last.Usage, turn.Last.Cost, turn.Last.Text));
    }

    [Theory, InlineData("openai"), InlineData("responses"), InlineData("anthropic"), InlineData("ollama")]
    public async Task An_empty_answer_is_paid_for_with_the_one_that_was_asked_for_again(string provider)
    {
        await using var wire = await Wire.StartAsync(provider, models: s_dear);
        wire.Server.Enqueue(new StreamedAnswer { Tokens = new AnswerTokens(5, 1) }, s_whole);

        var turn = await wire.RunAsync();

        Assert.Equal((new Usage(25, 3), 55m), (turn.Last.Usage, turn.Last.Cost));
    }

    [Fact]
    public async Task A_turn_that_fails_tells_what_all_its_attempts_took()
    {
        await using var wire = await Wire.StartAsync("anthropic", models: s_dear);
        wire.Server.Otherwise = _ => s_broken;

        var turn = await wire.RunAsync();

        Assert.Equal(FailureKind.Network, turn.Failure?.Kind);
        Assert.Equal((StopReason.Failed, new Usage(42), 42m), (turn.Last.Stop, turn.Last.Usage, turn.Last.Cost));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_answer_that_is_interrupted_is_paid_for_as_far_as_its_provider_told()
    {
        await using var wire = await Wire.StartAsync("anthropic", models: s_dear);
        wire.Server.Enqueue(s_broken, s_stalling);

        var events = await InterruptedAsync(wire, wire.Agent(Sample.AtOnce));

        Assert.Equal(new ModelCalled("interrupted", wire.Model, new Usage(16), 16m), events[^1]);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_attempt_is_paid_for_also_where_the_wait_for_the_next_is_interrupted()
    {
        var clock = new ManualClock();
        await using var wire = await Wire.StartAsync("anthropic", clock, s_dear);
        wire.Server.Enqueue(s_broken);

        var events = await InterruptedAsync(wire, wire.Agent(RetryPlan.Default with { Jitter = 0 }), clock.WhenWaitedForExactlyAsync(TimeSpan.FromSeconds(2), Cancellation));

        Assert.Equal(new ModelCalled("interrupted", wire.Model, new Usage(7), 7m), events[^1]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_whose_provider_told_nothing_leaves_nothing()
    {
        await using var wire = await Wire.StartAsync("openai", models: s_dear);
        wire.Server.Enqueue(s_stalling);

        Assert.DoesNotContain(await InterruptedAsync(wire, wire.Agent(Sample.AtOnce)), e => e is ModelCalled or MessageCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_summary_is_paid_for_whether_it_succeeds_or_fails(bool succeeds)
    {
        await using var wire = await Wire.StartAsync("anthropic", models: s_dear);
        wire.Server.Otherwise = _ => succeeds ? s_whole : s_broken;
        Message[] said = [.. Enumerable.Range(0, 6).Select(n => n % 2 == 0 ? Sample.User($"Question {n}.") : Sample.Assistant(wire.Model, new TextPart($"Answer {n}.")))];

        var turn = await wire.RunAsync(new FakeTurn(Sample.Session(wire.Model), said) { Compaction = new TurnCompaction() });

        Assert.Equal(!succeeds, turn.Failure is not null);
        var paid = turn.Events.Select(e => e switch
        {
            MessageCompleted m => (m.Usage, m.Cost),
            ModelCalled { Purpose: "summary" } c => (c.Usage, c.Cost),
            _ => (null, null),
        });
        Assert.Equal(succeeds ? (new Usage(20, 2), 40m) : (new Usage(42), 42m), Assert.Single(paid, p => p.Usage is not null));
    }

    /// <summary>The events of a turn that is interrupted.</summary>
    /// <param name="when">When that is; null: when what stalls was heard.</param>
    private static async Task<IReadOnlyList<EventBody>> InterruptedAsync(Wire wire, SkeinAgent agent, Task? when = null)
    {
        var stalls = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        List<EventBody> events = [];
        var running = Task.Run(
            async () =>
            {
                await foreach (var output in agent.RunTurnAsync(wire.Turn(Sample.User("Go.")), interrupt.Token))
                {
                    events.AddRange(output is AgentEvents { Bodies: var bodies } ? bodies : []);
                    if (output is AgentDelta { Text: "It stalls" })
                        stalls.SetResult();
                }
            },
            Cancellation);

        await (when ?? stalls.Task).WaitAsync(Cancellation);
        await interrupt.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return events;
    }
}
