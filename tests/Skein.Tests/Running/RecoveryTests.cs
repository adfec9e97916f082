using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class RecoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // N flaw 14, O flaw 6.
    [Fact]
    public async Task A_session_whose_server_died_in_a_turn_is_mended_before_anyone_prompts()
    {
        var gate = new Gate();
        var clock = new ManualClock();
        await using var first = await Kernel.StartAsync(clock, ScriptedAgent.Kind((turn, ct) => turn.Messages[^1].Text == "go" ? Half(gate, turn, ct) : ScriptedAgent.Say(turn, "fine")));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        clock.Advance(TimeSpan.FromSeconds(1));
        await first.EventAsync<PartStreamed>(session);

        await using var kernel = await first.CrashAsync();

        var row = await kernel.GetAsync(session);
        var log = await kernel.LogAsync(session);
        Assert.Equal(SessionStatus.Interrupted, row.Status);
        Assert.Equal("crash", Assert.Single(log.Select(e => e.Body).OfType<TurnInterrupted>()).Reason);
        var repairs = Assert.IsType<SessionRepaired>(log[^1].Body).Repairs;
        Assert.Equal(["call", "message", "turn"], repairs.Select(r => r.Kind).Order());
        var answer = (await kernel.MessagesAsync(session))[^1];
        Assert.Equal((MessageStatus.Error, "as far as it came"), (answer.Status, answer.Text));
        Assert.Empty(answer.UnansweredCalls);

        await kernel.TurnAsync(session, "next");
        Assert.Equal("fine", (await kernel.TextsAsync(session))[^1]);
    }

    [Fact]
    public async Task A_session_that_was_stopped_cleanly_needs_no_repair()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "hello");
        var before = await kernel.LogAsync(session);

        await kernel.RestartAsync();

        Assert.Equal(before.Select(e => (e.Seq, e.Type)), (await kernel.LogAsync(session)).Select(e => (e.Seq, e.Type)));
    }

    [Fact]
    public async Task Damage_is_a_gap_to_followers_with_its_bytes_told_in_the_log_once_and_all_else_is_served()
    {
        await using var first = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await first.NewSessionAsync();
        await first.TurnAsync(session, "one");
        await first.TurnAsync(session, "two");
        var before = await first.LogAsync(session);
        var log = Directory.GetFiles(first.Home, $"{session}.jsonl", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(log, Cancellation);
        var start = bytes.AsSpan().IndexOf("\n{\"seq\":4,"u8) + 1;
        var length = bytes.AsSpan(start).IndexOf((byte)'\n') + 1;
        bytes[start + 30] ^= 1;
        await File.WriteAllBytesAsync(log, bytes, Cancellation);

        await using var kernel = await first.CrashAsync();
        await kernel.TurnAsync(session, "three");
        await kernel.RestartAsync();
        await kernel.TurnAsync(session, "four");

        var last = (await kernel.LogAsync(session))[^1].Seq;
        var followed = new List<SessionEvent>();
        await foreach (var frame in kernel.Sessions.FollowAsync(session, 0, Cancellation))
        {
            if (frame is EventFrame { Event: var e })
                followed.Add(e);
            if (followed[^1].Seq == last)
                break;
        }

        var gap = Assert.IsType<Gap>(followed[3].Body);
        Assert.Equal((4, 4, start, length), (gap.From, gap.To, gap.Offset, gap.Length));
        Assert.Equal(before.Where(e => e.Seq != 4).Select(e => (e.Seq, e.Type)), followed.Take(before.Count).Where(e => e.Seq != 4).Select(e => (e.Seq, e.Type)));
        Assert.Equal(Enumerable.Range(1, (int)last).Select(n => (long)n), followed.Select(e => e.Seq));
        Assert.Equal("damage", Assert.Single(Assert.Single(followed.Select(e => e.Body).OfType<SessionRepaired>()).Repairs).Kind);
        Assert.Equal([gap], (await kernel.GetAsync(session)).Damage);
        var after = await File.ReadAllBytesAsync(log.Replace(first.Home, kernel.Home, StringComparison.Ordinal), Cancellation);
        Assert.Equal(bytes, after[..bytes.Length]);
    }

    [Fact]
    public async Task Stopping_the_server_interrupts_a_running_turn_and_keeps_the_queue_for_the_next_prompt()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => turn.Messages[^1].Text == "go" ? Half(gate, turn, ct) : ScriptedAgent.Say(turn, "fine")));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        await kernel.Sessions.PromptAsync(session, new PromptRequest("waited", When: WhenBusy.Queue), Kernel.User, Cancellation);

        await kernel.RestartAsync();
        var row = await kernel.GetAsync(session);
        var last = await kernel.Sessions.PromptAsync(session, new PromptRequest("last"), Kernel.User, Cancellation);
        await kernel.EventAsync(session, last.Seq, e => e.Body is TurnCompleted done && done.Turn == last.Turn);

        Assert.Equal((SessionStatus.Interrupted, 1), (row.Status, row.Queue.Count));
        Assert.Equal("stop", Assert.Single((await kernel.LogAsync(session)).Select(e => e.Body).OfType<TurnInterrupted>()).Reason);
        Assert.Equal(["go", "as far as it came", "waited", "fine", "last", "fine"], await kernel.TextsAsync(session));
    }

    [Fact]
    public async Task Prompts_that_wait_when_a_server_dies_are_started_one_after_the_other_by_the_next()
    {
        var gate = new Gate();
        await using var first = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => turn.Messages[^1].Text == "go" ? Half(gate, turn, ct) : ScriptedAgent.Say(turn, "fine")));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        await first.Sessions.PromptAsync(session, new PromptRequest("one", When: WhenBusy.Queue), Kernel.User, Cancellation);
        var two = await first.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Queue), Kernel.User, Cancellation);

        await using var kernel = await first.CrashAsync();
        await kernel.EventAsync(session, 0, e => e.Body is TurnCompleted done && done.Turn == two.Turn);

        Assert.Equal("crash", Assert.Single((await kernel.LogAsync(session)).Select(e => e.Body).OfType<TurnInterrupted>()).Reason);
        Assert.Equal(["go", "", "one", "fine", "two", "fine"], await kernel.TextsAsync(session));
        Assert.Empty((await kernel.GetAsync(session)).Queue);
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(61, true)]
    public async Task Prompts_that_wait_since_a_server_died_long_ago_wait_on_until_somebody_starts_them(int minutes, bool wait)
    {
        var (gate, clock) = (new Gate(), new ManualClock());
        await using var first = await Kernel.StartAsync(clock, ScriptedAgent.Kind((turn, ct) => turn.Messages[^1].Text == "go" ? Hold(gate, ct) : ScriptedAgent.Say(turn, "fine")));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        var one = await first.Sessions.PromptAsync(session, new PromptRequest("one", When: WhenBusy.Queue), Kernel.User, Cancellation);
        clock.Advance(TimeSpan.FromMinutes(minutes));

        await using var kernel = await first.CrashAsync();
        var waiting = (await kernel.GetAsync(session)) is { Queue.Count: 1, Turn: null };
        if (wait)
            await kernel.Sessions.StartQueuedAsync(session, Kernel.User, Cancellation);
        await kernel.EventAsync(session, 0, e => e.Body is TurnCompleted done && done.Turn == one.Turn);

        Assert.Equal(wait, waiting);
    }

    [Fact]
    public async Task Prompts_that_wait_since_the_server_was_stopped_go_on_when_somebody_starts_them()
    {
        var gate = new Gate();
        await using var first = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => turn.Messages[^1].Text == "go" ? Half(gate, turn, ct) : ScriptedAgent.Say(turn, "fine")));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        var waits = await first.Sessions.PromptAsync(session, new PromptRequest("waited", When: WhenBusy.Queue), Kernel.User, Cancellation);
        await first.RestartAsync();
        await first.Sessions.ChangeAsync(session, new SessionChange(Title: "In use"), Kernel.User, Cancellation);

        await using var kernel = await first.CrashAsync();
        var before = await kernel.GetAsync(session);
        var keyed = Kernel.User with { Key = "start-1" };
        var started = await kernel.Sessions.StartQueuedAsync(session, keyed, Cancellation);
        await kernel.EventAsync(session, 0, e => e.Body is TurnCompleted done && done.Turn == waits.Turn);

        Assert.Equal((SessionStatus.Interrupted, 1), (before.Status, before.Queue.Count));
        Assert.Equal(waits.Turn, started.Turn);
        Assert.Equal(started, await kernel.Sessions.StartQueuedAsync(session, keyed, Cancellation));
        var refused = await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.StartQueuedAsync(session, Kernel.User, Cancellation));
        Assert.Equal($"In session {session} no prompt waits.", refused.Message);
    }

    private static async IAsyncEnumerable<AgentOutput> Hold(Gate gate, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.PassAsync(cancellationToken);
        yield break;
    }

    private static async IAsyncEnumerable<AgentOutput> Half(Gate gate, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var message = turn.Ids.Next<MessageId>();
        yield return ScriptedAgent.Begin(message);
        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonElement.Parse("{}")));
        yield return new AgentDelta(message, turn.Ids.Next<PartId>(), StreamKind.Text, "as far as it came");
        await gate.PassAsync(cancellationToken);
    }
}
