using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What goes wrong with models, through the real clients of every provider.</summary>
public sealed class FailureTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("openai", 401, "invalid_api_key", "Incorrect API key provided: " + Wire.Key, FailureKind.Auth)]
    [InlineData("anthropic", 401, "authentication_error", "invalid key " + Wire.Key, FailureKind.Auth)]
    [InlineData("openai", 403, "forbidden", "Not you.", FailureKind.Auth)]
    [InlineData("openai", 402, "payment", "Pay first.", FailureKind.Quota)]
    [InlineData("openai", 429, "insufficient_quota", "You exceeded your current quota.", FailureKind.Quota)]
    [InlineData("anthropic", 400, "invalid_request_error", "Your credit balance is too low.", FailureKind.Quota)]
    [InlineData("openai", 400, "context_length_exceeded", "This model's maximum context length is 8192 tokens.", FailureKind.Overflow)]
    [InlineData("anthropic", 400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", FailureKind.Overflow)]
    [InlineData("openai", 500, "server_error", "the request exceeds the available context size", FailureKind.Overflow)]
    [InlineData("anthropic", 413, "request_too_large", "Too many bytes.", FailureKind.Overflow)]
    [InlineData("openai", 404, "model_not_found", "The model does not exist.", FailureKind.BadRequest)]
    [InlineData("anthropic", 404, "not_found_error", "model: any", FailureKind.BadRequest)]
    public async Task A_refusal_that_time_will_not_change_ends_the_turn_with_its_kind(string provider, int status, string type, string message, FailureKind kind)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(wire.Refuse(status, type, message));

        var turn = await wire.RunAsync();

        var told = message.Replace(Wire.Key, "***", StringComparison.Ordinal);
        Assert.Equal((kind, provider), (turn.Failure!.Kind, turn.Failure.Provider));

        // Of an overflow that nothing can be done about it is told more.
        if (kind == FailureKind.Overflow)
            Assert.Contains("nothing is left to summarise", turn.Failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{provider} answered {status}: {told}", turn.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((MessageStatus.Error, StopReason.Failed), (turn.Last.Status, turn.Last.Stop));
        Assert.Single(wire.Server.Requests);
        Assert.Empty(turn.Events.OfType<ModelRetried>());
    }

    [Theory]
    [InlineData("openai", 429, FailureKind.Quota)]
    [InlineData("openai", 500, FailureKind.Overload)]
    [InlineData("openai", 503, FailureKind.Overload)]
    [InlineData("anthropic", 429, FailureKind.Quota)]
    [InlineData("anthropic", 529, FailureKind.Overload)]
    public async Task A_refusal_that_may_pass_is_tried_again(string provider, int status, FailureKind kind)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(wire.Refuse(status, "busy", "Later."), wire.Refuse(status, "busy", "Later."), new StreamedAnswer(new Said("Well.")));

        var turn = await wire.RunAsync();

        Assert.Equal([(1, kind), (2, kind)], turn.Events.OfType<ModelRetried>().Select(r => (r.Attempt, r.Kind)));
        Assert.Equal(("Well.", MessageStatus.Completed), (turn.Last.Text, turn.Last.Status));
        Assert.Null(turn.Failure);
    }

    [Fact]
    public async Task A_provider_that_stays_busy_ends_the_turn_after_five_more_attempts()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Otherwise = _ => wire.Refuse(503, "busy", "Later.");

        var turn = await wire.RunAsync();

        Assert.Equal(6, wire.Server.Requests.Count);
        Assert.Equal(new TurnFailure(FailureKind.Overload, "openai", "openai answered 503: Later. (tried 6 times)"), turn.Failure);
    }

    [Theory]
    [InlineData("openai", "retry-after", "7", 7_000)]
    [InlineData("openai", "retry-after-ms", "1500", 1_500)]
    [InlineData("responses", "retry-after-ms", "250", 250)]
    [InlineData("responses", "retry-after", "Sat, 21 Nov 2026 12:00:30 GMT", 30_000)]
    [InlineData("ollama", "retry-after", "2", 2_000)]
    [InlineData("anthropic", "retry-after", "3", 3_000)]
    [InlineData("anthropic", "retry-after", "Sat, 21 Nov 2026 12:00:09 GMT", 9_000)]
    public async Task The_provider_is_left_alone_for_as_long_as_it_asks(string provider, string header, string value, long milliseconds)
    {
        var clock = new ManualClock();
        await using var wire = await Wire.StartAsync(provider, clock);
        wire.Server.Enqueue(wire.Refuse(429, "rate_limit_error", "Later.", (header, value)), new StreamedAnswer(new Said("Well.")));
        var agent = wire.Agent(RetryPlan.Default with { Jitter = 0 });

        var running = TurnRecord.RunAsync(agent, wire.Turn(Sample.User("Go.")));
        await clock.WhenWaitedForExactlyAsync(TimeSpan.FromMilliseconds(milliseconds), Cancellation);
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        var turn = await running;

        Assert.Equal(milliseconds, turn.Events.OfType<ModelRetried>().Single().DelayMs);
        Assert.Equal("Well.", turn.Last.Text);
    }

    [Theory, InlineData("openai"), InlineData("responses"), InlineData("anthropic"), InlineData("ollama")]
    public async Task A_connection_that_is_reset_before_a_byte_of_an_answer_is_tried_again(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new NoAnswer(), new NoAnswer(), new StreamedAnswer(new Said("Well.")));

        var turn = await wire.RunAsync();

        Assert.Equal([(1, FailureKind.Network), (2, FailureKind.Network)], turn.Events.OfType<ModelRetried>().Select(r => (r.Attempt, r.Kind)));
        Assert.Equal(("Well.", null), (turn.Last.Text, turn.Failure));
        Assert.Equal(3, wire.Server.Requests.Count);
    }

    [Fact]
    public async Task A_provider_that_asks_for_too_much_patience_is_not_waited_for()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(wire.Refuse(429, "rate_limit", "Come back tomorrow.", ("retry-after", "86400")));

        var turn = await wire.RunAsync();

        Assert.Equal(FailureKind.Quota, turn.Failure?.Kind);
        Assert.Single(wire.Server.Requests);
    }

    [Theory]
    [InlineData("openai", false)]
    [InlineData("openai", true)]
    [InlineData("anthropic", false)]
    [InlineData("anthropic", true)]
    public async Task A_stream_that_breaks_is_tried_again_and_what_came_of_it_does_not_count(string provider, bool inOrder)
    {
        await using var wire = await Wire.StartAsync(provider);
        using var seen = new SemaphoreSlim(0);
        wire.Server.Enqueue(
            new StreamedAnswer(
                new Said("Half of "), new Called("a", "look", "{}"), new Said("the ans"), new Stalled(seen.WaitAsync(Cancellation)), inOrder ? new Ended() : new Cut()),
            new StreamedAnswer(new Said("The whole answer.")));

        var turn = await TurnRecord.RunAsync(
            wire.Agent(Sample.AtOnce, new FuncTool("look", "saw it")), wire.Turn(Sample.User("Go.")), output => ReleaseAt(seen, output, "the ans"));

        var retried = turn.Events.OfType<ModelRetried>().Single();
        Assert.Equal((1, FailureKind.Network), (retried.Attempt, retried.Kind));
        Assert.Equal(3, turn.Events.OfType<PartDropped>().Count());
        Assert.Equal(turn.Deltas.Select(d => d.Part).Distinct().Take(3), turn.Events.OfType<PartDropped>().Select(p => p.Part));
        Assert.Equal([new TextPart("The whole answer.")], turn.LastParts);
        Assert.Single(turn.Events.OfType<MessageAdded>());
        Assert.Empty(turn.Events.OfType<ToolStarted>());
    }

    [Fact]
    public async Task A_stream_that_keeps_breaking_ends_the_turn_and_what_was_said_last_is_kept()
    {
        await using var wire = await Wire.StartAsync("openai");
        using var seen = new SemaphoreSlim(0);
        wire.Server.Otherwise = _ => new StreamedAnswer(
            new Said("Half"), new Called("a", "look", """{"path"""), new Stalled(seen.WaitAsync(Cancellation)), new Cut());

        var turn = await TurnRecord.RunAsync(
            wire.Agent(Sample.AtOnce, new FuncTool("look", "saw it")), wire.Turn(Sample.User("Go.")), output => ReleaseAt(seen, output, """{"path"""));

        Assert.Equal((FailureKind.Network, "openai"), (turn.Failure?.Kind, turn.Failure?.Provider));
        Assert.Equal([new TextPart("Half")], turn.LastParts);
        Assert.Equal(StopReason.Failed, turn.Last.Stop);
    }

    [Theory]
    [InlineData("openai", "data: {\"choices\": [oops\n\n")]
    [InlineData("openai", "data: 42\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[7]}}]}\n\n")]
    [InlineData("anthropic", "event: content_block_delta\ndata: {\"type\": oops\n\n")]
    [InlineData("anthropic", "event: content_block_delta\ndata: 42\n\n")]
    public async Task Garbage_in_a_stream_ends_the_turn_with_one_clear_line(string provider, string garbage)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Well, "), new Raw(garbage)));

        var turn = await wire.RunAsync();

        Assert.Equal((FailureKind.Network, provider), (turn.Failure?.Kind, turn.Failure?.Provider));
        Assert.StartsWith($"{provider} did not answer as its kind of provider does: ", turn.Failure?.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', turn.Failure!.Message);
        Assert.Single(wire.Server.Requests);
    }

    [Theory]
    [InlineData("openai", "text/html", "<html>Welcome</html>")]
    [InlineData("anthropic", "text/html", "<html>Welcome</html>")]
    [InlineData("openai", "application/json", """{"error":{"message":"no such route"}}""")]
    [InlineData("openai", "text/event-stream", "")]
    [InlineData("anthropic", "text/plain", "nobody here")]
    public async Task An_answer_that_is_no_stream_ends_the_turn(string provider, string type, string body)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Otherwise = _ => new WholeAnswer(type, body);

        var turn = await wire.RunAsync();

        Assert.Equal((FailureKind.Network, provider), (turn.Failure?.Kind, turn.Failure?.Provider));
    }

    [Theory]
    [InlineData("openai", """data: {"error":{"message":"Overloaded","code":529}}""")]
    [InlineData("anthropic", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}")]
    public async Task An_error_within_a_stream_is_tried_again_where_that_helps(string provider, string error)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Half"), new Raw(error + "\n\n")), new StreamedAnswer(new Said("Whole.")));

        var turn = await wire.RunAsync();

        var retried = turn.Events.OfType<ModelRetried>().Single();
        Assert.Equal((FailureKind.Overload, $"{provider} broke off: Overloaded"), (retried.Kind, retried.Message));
        Assert.Equal([new TextPart("Whole.")], turn.LastParts);
    }

    [Theory, InlineData("openai"), InlineData("anthropic")]
    public async Task A_silent_stream_does_not_hang_the_turn(string provider)
    {
        var clock = new ManualClock();
        await using var wire = await Wire.StartAsync(provider, clock);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Half"), new Stalled(Task.Delay(Timeout.Infinite, Cancellation))));
        wire.Server.Otherwise = _ => new StreamedAnswer(new Said("Whole."));
        var retried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var running = TurnRecord.RunAsync(wire.Agent(Sample.AtOnce), wire.Turn(Sample.User("Go.")), output =>
        {
            if (output is AgentEvents { Bodies: [ModelRetried, ..] })
                retried.TrySetResult();
        });
        // Every read begins to wait anew, and which is the last cannot be seen from here.
        while (!retried.Task.IsCompleted)
        {
            await Task.WhenAny(retried.Task, clock.WhenWaitedForExactlyAsync(TimeSpan.FromSeconds(120), Cancellation));
            clock.Advance(TimeSpan.FromSeconds(120));
        }

        var turn = await running;

        Assert.Equal($"{provider} sent nothing for 120 seconds.", turn.Events.OfType<ModelRetried>().First().Message);
        Assert.Equal([new TextPart("Whole.")], turn.LastParts);
    }

    [Theory, InlineData("openai"), InlineData("anthropic")]
    public async Task An_interrupt_ends_a_stream_at_once(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Half"), new Stalled(Task.Delay(Timeout.Infinite, Cancellation), reached)));
        using var interrupt = new CancellationTokenSource();

        var running = RunAsync();
        await reached.Task.WaitAsync(Cancellation);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Cancellation));

        async Task RunAsync()
        {
            await foreach (var _ in wire.Agent(Sample.AtOnce).RunTurnAsync(wire.Turn(Sample.User("Go.")), interrupt.Token))
            {
            }
        }
    }

    [Theory]
    [InlineData("openai", "OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]
    [InlineData("anthropic", "ANTHROPIC_BASE_URL", "http://127.0.0.1:9")]
    public async Task A_server_that_does_not_run_is_named_at_once(string provider, string variable, string address)
    {
        using var models = new ModelCatalog([], name => name == variable ? address : null, new Dictionary<string, Script>(), TimeProvider.System);
        var agent = new SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, TimeProvider.System);

        var turn = await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session(provider + "/any"), [Sample.User("Go.")]));

        Assert.Equal(FailureKind.Network, turn.Failure?.Kind);
        Assert.StartsWith($"{provider} at http://127.0.0.1:9 cannot be reached: Connection refused", turn.Failure?.Message, StringComparison.Ordinal);
        Assert.Empty(turn.Events.OfType<ModelRetried>());
    }

    [Fact]
    public void Waits_are_2_4_8_16_and_30_seconds_and_up_to_a_quarter_more()
    {
        var failure = new ModelException(FailureKind.Overload, "Busy.") { Transient = true };
        int[] seconds = [2, 4, 8, 16, 30];

        for (var retried = 0; retried < seconds.Length; retried++)
        {
            var waits = Enumerable.Range(0, 200).Select(_ => RetryPlan.Default.DelayAfter(failure, retried)!.Value.TotalSeconds).ToList();
            Assert.All(waits, w => Assert.InRange(w, seconds[retried], seconds[retried] * 1.25));
            Assert.True(waits.Distinct().Count() > 1, "They are all the same.");
        }

        Assert.Null(RetryPlan.Default.DelayAfter(failure, seconds.Length));
        Assert.Null(RetryPlan.Default.DelayAfter(new ModelException(FailureKind.Overflow, "Too long."), 0));
        Assert.Null(RetryPlan.Default.DelayAfter(new ModelException(FailureKind.BadRequest, "No."), 0));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_interrupt_ends_the_wait_before_the_next_attempt()
    {
        var clock = new ManualClock();
        await using var wire = await Wire.StartAsync("openai", clock);
        wire.Server.Enqueue(wire.Refuse(429, "rate_limit", "Slow down.", ("retry-after", "200")));
        using var interrupt = new CancellationTokenSource();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Task.Run(
            async () =>
            {
                await foreach (var output in wire.Agent(RetryPlan.Default).RunTurnAsync(wire.Turn(Sample.User("Go.")), interrupt.Token))
                {
                    if (output is AgentEvents { Bodies: var bodies } && bodies.OfType<ModelRetried>().Any(r => r.DelayMs >= 200_000))
                        seen.SetResult();
                }
            },
            Cancellation);

        await seen.Task.WaitAsync(Cancellation);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(wire.Server.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_with_the_key()
    {
        await using var wire = await Wire.StartAsync("openai");
        await using var other = await ModelServer.StartAsync(Cancellation);
        wire.Server.Enqueue(wire.Refuse(307, "moved", "Over there.", ("Location", other.OpenAiAddress + "/chat/completions")));

        var turn = await wire.RunAsync();

        Assert.Equal(FailureKind.BadRequest, turn.Failure?.Kind);
        Assert.Empty(other.Requests);
    }

    // What is still on its way when a connection breaks is lost: let it arrive first.
    private static void ReleaseAt(SemaphoreSlim seen, AgentOutput output, string text)
    {
        if (output is AgentDelta delta && delta.Text == text)
            seen.Release();
    }
}
