using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class TurnTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_appends_the_prompt_the_answer_and_its_end()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "Hello\nthere");

        var log = await kernel.LogAsync(session);
        Assert.Equal(
            ["session.created", "turn.started", "message.added", "message.added", "part.added", "message.completed", "turn.completed"],
            log.Select(e => e.Type));
        Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(e => e.Seq));
        Assert.Equal(["Hello\nthere", "You said: Hello\nthere"], await kernel.TextsAsync(session));
        var row = await kernel.GetAsync(session);
        Assert.Equal((SessionStatus.Idle, 2, "Hello", new Usage(10, 1)), (row.Status, row.Messages, row.Title, row.Usage));
    }

    [Fact]
    public async Task A_second_prompt_is_rejected_queued_or_steered_as_the_caller_chose()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, token) => HearAsync(gate, turn, token)));
        var session = await kernel.NewSessionAsync();
        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await gate.Reached;

        var busy = await Assert.ThrowsAsync<BusyException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("no"), Kernel.User, Cancellation));
        var queued = await kernel.Sessions.PromptAsync(session, new PromptRequest("three", When: WhenBusy.Queue), Kernel.User, Cancellation);
        var steered = await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Steer), Kernel.User, Cancellation);
        gate.Open();
        await kernel.EventAsync(session, queued.Seq, e => e.Body is TurnCompleted done && done.Turn == queued.Turn);

        Assert.Equal(first.Turn, busy.Turn);
        Assert.Equal(first.Turn, steered.Turn);
        Assert.Equal(["one", "two", "heard 1", "three", "heard 0"], await kernel.TextsAsync(session));
        Assert.Empty((await kernel.GetAsync(session)).Queue);
    }

    [Fact]
    public async Task An_agent_that_cannot_be_told_more_refuses_a_prompt_that_steers_and_one_that_waits_stays_in_the_queue()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, token) => HearAsync(gate, turn, token), canSteer: false));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await gate.Reached;
        var queued = await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Queue), Kernel.User, Cancellation);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("three", When: WhenBusy.Steer), Kernel.User, Cancellation));
        await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.EditQueuedAsync(session, queued.Turn, new PromptChange(When: WhenBusy.Steer), Kernel.User, Cancellation));
        gate.Open();
        await kernel.EventAsync(session, queued.Seq, e => e.Body is TurnCompleted done && done.Turn == queued.Turn);

        Assert.Equal("The agent scripted cannot be steered: queue the prompt, or interrupt the turn.", refused.Message);
        Assert.Equal(["one", "heard 0", "two", "heard 0"], await kernel.TextsAsync(session));
    }

    [Fact]
    public async Task A_prompt_that_waits_is_told_to_the_running_turn_in_one_step()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, token) => HearAsync(gate, turn, token)));
        var session = await kernel.NewSessionAsync();
        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await gate.Reached;
        var two = await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Queue), Kernel.User, Cancellation);
        var three = await kernel.Sessions.PromptAsync(session, new PromptRequest("three", When: WhenBusy.Queue, Model: "other"), Kernel.User, Cancellation);

        var keyed = Kernel.User with { Key = "now-1" };
        var now = new PromptChange(When: WhenBusy.Steer);
        await kernel.Sessions.EditQueuedAsync(session, two.Turn, now, keyed, Cancellation);
        await kernel.Sessions.EditQueuedAsync(session, two.Turn, now, keyed, Cancellation);
        var configures = await Assert.ThrowsAsync<InvalidRequestException>(() => kernel.Sessions.EditQueuedAsync(session, three.Turn, now, Kernel.User, Cancellation));
        await Assert.ThrowsAsync<InvalidRequestException>(() => kernel.Sessions.EditQueuedAsync(session, three.Turn, now with { Text = "both" }, Kernel.User, Cancellation));
        await kernel.Sessions.WithdrawAsync(session, three.Turn, Kernel.User, Cancellation);
        gate.Open();
        await kernel.EventAsync(session, first.Seq, e => e.Body is TurnCompleted);

        Assert.Contains("cannot change", configures.Message, StringComparison.Ordinal);
        Assert.Equal(["one", "two", "heard 1"], await kernel.TextsAsync(session));
        var log = await kernel.LogAsync(session);
        Assert.True(Assert.Single(log, e => e.Body is PromptWithdrawn gone && gone.Turn == two.Turn).More);
        Assert.Single(log, e => e.Body is PromptSteered);
    }

    private static async IAsyncEnumerable<AgentOutput> HearAsync(Gate gate, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.PassAsync(cancellationToken);
        var heard = await turn.TakeSteeredAsync(cancellationToken);
        await foreach (var output in ScriptedAgent.Say(turn, $"heard {heard.Count}"))
            yield return output;
    }

    [Fact]
    public async Task A_prompt_steered_too_late_starts_a_turn_of_its_own_before_the_queue()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => AfterGate(gate, turn, ct)));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await gate.Reached;

        var queued = await kernel.Sessions.PromptAsync(session, new PromptRequest("three", When: WhenBusy.Queue), Kernel.User, Cancellation);
        await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Steer), Kernel.User, Cancellation);
        gate.Open();
        await kernel.EventAsync(session, queued.Seq, e => e.Body is TurnCompleted done && done.Turn == queued.Turn);

        Assert.Equal(["one", "ok", "two", "ok", "three", "ok"], await kernel.TextsAsync(session));
    }

    [Fact]
    public async Task A_queued_prompt_can_be_taken_back()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => AfterGate(gate, turn, ct)));
        var session = await kernel.NewSessionAsync();
        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await gate.Reached;
        var queued = await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Queue), Kernel.User, Cancellation);

        await kernel.Sessions.WithdrawAsync(session, queued.Turn, Kernel.User, Cancellation);

        gate.Open();
        await kernel.EventAsync(session, first.Seq, e => e.Body is TurnCompleted);
        await Assert.ThrowsAsync<NotInSessionException>(() => kernel.Sessions.WithdrawAsync(session, queued.Turn, Kernel.User, Cancellation));
        Assert.Equal(["one", "ok"], await kernel.TextsAsync(session));
    }

    // P-13, O-08, O-20.
    [Fact]
    public async Task An_interrupt_keeps_the_text_so_far_answers_open_calls_and_frees_the_session_only_then()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Talk), ScriptedAgent.Echo() with { Name = "echo" });
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;

        var outcome = await kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);

        Assert.True(outcome.Interrupted);
        Assert.Equal(SessionStatus.Interrupted, (await kernel.GetAsync(session)).Status);
        var answer = (await kernel.MessagesAsync(session))[^1];
        Assert.Equal((MessageStatus.Error, StopReason.Interrupted, "half a sen"), (answer.Status, answer.Stop, answer.Text));
        Assert.True(Assert.Single(answer.Parts.Select(p => p.Content).OfType<ToolResultPart>()).IsError);
        Assert.False((await kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation)).Interrupted);
        await kernel.Sessions.ChangeAsync(session, new SessionChange(Agent: "echo"), Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "again");
        Assert.Equal(SessionStatus.Idle, (await kernel.GetAsync(session)).Status);

        async IAsyncEnumerable<AgentOutput> Talk(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var message = turn.Ids.Next<MessageId>();
            yield return ScriptedAgent.Begin(message);
            yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonElement.Parse("{}")));
            yield return new AgentDelta(message, turn.Ids.Next<PartId>(), StreamKind.Text, "half a sen");
            await gate.PassAsync(cancellationToken);
        }
    }

    [Fact]
    public async Task A_failing_agent_fails_its_turn_and_leaves_the_session_usable()
    {
        var failures = new Queue<AgentOutput?>([new TurnFailure(FailureKind.Auth, "anthropic", "The key was refused."), null]);
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Fail), ScriptedAgent.Echo() with { Name = "echo" });
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "one");
        var told = await kernel.GetAsync(session);
        await kernel.TurnAsync(session, "two");
        var thrown = await kernel.GetAsync(session);

        Assert.Equal((SessionStatus.Error, FailureKind.Auth, "anthropic"), (told.Status, told.Failure!.Kind, told.Failure.Provider));
        Assert.Equal((SessionStatus.Error, FailureKind.Internal), (thrown.Status, thrown.Failure!.Kind));
        await kernel.Sessions.PromptAsync(session, new PromptRequest("three", Agent: "echo"), Kernel.User, Cancellation);
        await kernel.EventAsync(session, thrown.Seq, e => e.Body is TurnCompleted);
        Assert.Null((await kernel.GetAsync(session)).Failure);

        async IAsyncEnumerable<AgentOutput> Fail(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return failures.Dequeue() ?? throw new InvalidOperationException("a bug");
        }
    }

    [Fact]
    public async Task A_prompt_sent_twice_with_one_key_is_done_once()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        var by = Kernel.User with { Key = "k1" };

        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), by, Cancellation);
        await kernel.EventAsync(session, 0, e => e.Body is TurnCompleted);
        await kernel.RestartAsync();
        var second = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), by, Cancellation);

        Assert.Equal(first, second);
        Assert.Equal(2, (await kernel.GetAsync(session)).Messages);
    }

    [Fact]
    public async Task A_prompt_unarchives_and_the_trash_takes_none()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.ChangeAsync(session, new SessionChange(Archived: true), Kernel.User, Cancellation);

        await kernel.TurnAsync(session, "hello");
        var archived = (await kernel.GetAsync(session)).Archived;
        await kernel.Sessions.TrashAsync(session, Kernel.User, Cancellation);

        Assert.False(archived);
        await Assert.ThrowsAsync<TrashedException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("x"), Kernel.User, Cancellation));
        await kernel.Sessions.RestoreAsync(session, Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "back");
    }

    private static async IAsyncEnumerable<AgentOutput> AfterGate(
        Gate gate, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.PassAsync(cancellationToken);
        await foreach (var output in ScriptedAgent.Say(turn, "ok"))
            yield return output;
    }
}
