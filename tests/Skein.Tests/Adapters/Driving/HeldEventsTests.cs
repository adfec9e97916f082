using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;

namespace Skein.Tests.Adapters.Driving;

public sealed class HeldEventsTests
{
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
        using var held = new HeldEvents(TimeSpan.FromMilliseconds(20), clock);
        EventBody told = new AgentCompacted("goose", null, null);

        held.Add([told]);
        var before = held.MustGoBefore(null);
        clock.Advance(TimeSpan.FromMilliseconds(20));
        await held.Due.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((false, true), (before, held.MustGoBefore(null)));
        Assert.Equal([told], held.Take());
        Assert.False(held.Any);
    }

    [Fact]
    public void Only_what_is_held_too_goes_before_it()
    {
        using var held = new HeldEvents(TimeSpan.FromMilliseconds(20), new ManualClock());

        held.Add([new AgentCompacted("goose", null, null)]);

        Assert.False(held.MustGoBefore(new AgentStep.Yield(AgentOutput.FromEventBody(new AgentCompacted("goose", null, null)))));
        Assert.True(held.MustGoBefore(new AgentStep.Yield(new AgentDelta(default, default, StreamKind.Text, "Honk."))));
        Assert.True(held.MustGoBefore(new AgentStep.Over(null)));
    }
}
