using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;

namespace Skein.Tests.Adapters.Driving;

public sealed class HeldEventsTests
{
    private static readonly EventBody s_told = new AgentCompacted("goose", null, null);
    private static readonly IdSource s_ids = new(TimeProvider.System);

    [Fact]
    public async Task What_an_agent_tells_in_several_lines_is_appended_at_once()
    {
        await using var flock = await Flock.StartAsync(change: o => o with { Time = new ManualClock() });
        var session = await flock.NewSessionAsync();

        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "big 10"));

        var told = (await flock.Kernel.LogAsync(session)).SkipWhile(e => e.Body is not MessageAdded { Role: Role.Assistant }).Take(7).ToList();
        Assert.Equal(
            ["message.added", "part.added", "tool.started", "part.added", "tool.finished", "message.completed", "message.added"], told.Select(e => e.Type));
        Assert.Equal([true, true, true, true, true, true, false], told.Select(e => e.More));
    }

    [Fact]
    public async Task What_nothing_follows_is_due_after_a_moment()
    {
        var clock = new ManualClock();
        var held = Holding(clock);

        held.Add([s_told]);
        var before = held.MustGoBefore(null);
        clock.Advance(TimeSpan.FromMilliseconds(20));
        await held.Due.WaitAsync(Cancellation);

        Assert.Equal((false, true), (before, held.MustGoBefore(null)));
        Assert.Equal([s_told], held.Take());
        Assert.False(held.Any);
    }

    [Fact]
    public void Only_what_is_held_too_goes_before_it()
    {
        var held = Holding(new ManualClock());

        held.Add([s_told]);

        Assert.False(held.MustGoBefore(new AgentStep.Yield(AgentOutput.FromEventBody(s_told))));
        Assert.True(held.MustGoBefore(new AgentStep.Yield(new AgentDelta(default, default, StreamKind.Text, "Honk."))));
        Assert.True(held.MustGoBefore(new AgentStep.Over(null)));
    }

    [Fact]
    public void A_turns_first_words_do_not_wait()
    {
        var held = Holding(new ManualClock());
        held.Add([s_told]);

        var first = held.MustGoBefore(new AgentStep.Yield(Words("Ho")));
        held.Take();
        var isHeld = held.TryHold(Words("Ho"));
        held.Add([s_told]);

        Assert.Equal((true, false, false), (first, isHeld, held.MustGoBefore(new AgentStep.Yield(Words("nk.")))));
    }

    [Fact]
    public void A_turns_first_answer_is_told_before_its_words_have_come()
    {
        var held = Holding(new ManualClock());
        held.Add([s_told, Answer()]);

        var first = (held.MustGoBefore(null), held.MustGoBefore(new AgentStep.Yield(AgentOutput.FromEventBody(s_told))));
        held.Take();
        held.Add([Answer()]);

        Assert.Equal(((true, false), false), (first, held.MustGoBefore(null)));
    }

    [Fact]
    public void An_answer_that_has_a_part_already_waits_for_more()
    {
        var held = Holding(new ManualClock());

        held.Add([Answer()]);
        held.Add([s_told]);

        Assert.False(held.MustGoBefore(null));
    }

    [Fact]
    public async Task Later_words_wait_behind_what_is_held_but_not_as_long()
    {
        var clock = new ManualClock();
        var held = Holding(clock);
        held.TryHold(Words("Honk."));
        held.Add([s_told]);

        Assert.True(held.TryHold(Words("Ho")) && held.TryHold(Words("nk.")));
        clock.Advance(TimeSpan.FromMilliseconds(5));
        await held.Due.WaitAsync(Cancellation);

        Assert.True(held.MustGoBefore(null));
        Assert.Null(held.TakeWords());
        held.Take();
        Assert.Equal(("Ho", "nk."), (held.TakeWords()?.Text, held.TakeWords()?.Text));
        Assert.Null(held.TakeWords());
    }

    [Fact]
    public void Words_whose_part_is_whole_or_dropped_are_not_told()
    {
        var held = Holding(new ManualClock());
        var (whole, dropped, open) = (Words("Honk."), Words("Hiss."), Words("Hon"));
        held.TryHold(Words("Honk."));
        held.Add([s_told]);
        foreach (var words in (AgentDelta[])[whole, dropped, open])
            held.TryHold(words);

        held.Add([new PartAdded(whole.Message, whole.Part, new TextPart("Honk.")), new PartDropped(dropped.Message, dropped.Part, "aborted")]);

        held.Take();
        Assert.Equal(open, held.TakeWords());
        Assert.Null(held.TakeWords());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static HeldEvents Holding(ManualClock clock) =>
        new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(5), clock, left => Task.Delay(left, clock, Cancellation));

    private static MessageAdded Answer() => new(s_ids.Next<MessageId>(), Role.Assistant, MessageStatus.Pending, 1, []);

    private static AgentDelta Words(string text) => new(s_ids.Next<MessageId>(), s_ids.Next<PartId>(), StreamKind.Text, text);
}
