using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>How long the kernel keeps an agent, and waits for one.</summary>
public sealed class AgentLifeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_that_ignores_its_interrupt_is_left_to_itself_and_the_session_goes_on_with_another()
    {
        var clock = new ManualClock();
        var gate = new Gate();
        var opened = 0;
        var kind = ScriptedAgent.Kind(Talk) with { Open = _ => { opened++; return new ScriptedAgent(Talk); } };
        await using var kernel = await Kernel.StartAsync(clock, kind);
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("hang"), Kernel.User, Cancellation);
        await gate.Reached;

        var interrupting = kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);
        await clock.WhenWaitedForExactlyAsync(RunningTurn.EndWithin, Cancellation);
        Assert.False(interrupting.IsCompleted);
        clock.Advance(RunningTurn.EndWithin);

        Assert.True((await interrupting).Interrupted);
        Assert.Equal(SessionStatus.Interrupted, (await kernel.GetAsync(session)).Status);
        await kernel.TurnAsync(session, "go on");
        Assert.Equal(["hang", "", "go on", "ok"], await kernel.TextsAsync(session));
        Assert.Equal(2, opened);
        gate.Open();

        async IAsyncEnumerable<AgentOutput> Talk(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (turn.Messages[^1].Text == "hang")
            {
                yield return ScriptedAgent.Begin(turn.Ids.Next<MessageId>());
                await gate.PassAsync(CancellationToken.None);
            }

            await foreach (var output in ScriptedAgent.Say(turn, "ok").WithCancellation(cancellationToken))
                yield return output;
        }
    }

    [Fact]
    public async Task An_idle_agent_is_ended_but_not_while_somebody_follows()
    {
        var clock = new ManualClock();
        var ended = new Dictionary<SessionId, TaskCompletionSource>();
        var opened = new List<SessionId>();
        var kind = ScriptedAgent.Echo() with { Open = s => { opened.Add(s.Id); return new Mortal(ended[s.Id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)); } };
        await using var kernel = await Kernel.StartAsync(clock, kind);
        var (followed, alone) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.TurnAsync(followed, "one");
        await kernel.TurnAsync(alone, "one");
        await using (var follower = kernel.Sessions.FollowAsync(followed, 0, Cancellation).GetAsyncEnumerator(Cancellation))
        {
            Assert.True(await follower.MoveNextAsync());
            clock.Advance(TimeSpan.FromMinutes(2));
            await ended[alone].Task.WaitAsync(Cancellation);
            await kernel.TurnAsync(followed, "two");
            await kernel.TurnAsync(alone, "two");
            Assert.Equal([followed, alone, alone], opened);
        }

        clock.Advance(TimeSpan.FromMinutes(2));
        await ended[followed].Task.WaitAsync(Cancellation);
    }

    private sealed class Mortal(TaskCompletionSource ended) : IAgent
    {
        public bool CanSteer => false;

        public IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, CancellationToken cancellationToken) => ScriptedAgent.Say(turn, "ok");

        public ValueTask DisposeAsync()
        {
            ended.TrySetResult();
            return default;
        }
    }
}
