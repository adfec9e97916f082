using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>Interrupts that come when there is nothing to interrupt, or nothing any more.</summary>
public sealed class InterruptTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-13, P flaw 6.
    [Fact]
    public async Task A_session_at_rest_stays_as_it_is_whoever_interrupts_it()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(FailOrSay));
        var (fresh, idle, failed) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.TurnAsync(idle, "go");
        await kernel.TurnAsync(failed, "fail");

        await StaysAsync(fresh, SessionStatus.Idle);
        await StaysAsync(idle, SessionStatus.Idle);
        await StaysAsync(failed, SessionStatus.Error);
        await kernel.RestartAsync();
        await StaysAsync(idle, SessionStatus.Idle);
        await StaysAsync(failed, SessionStatus.Error);

        async Task StaysAsync(SessionId session, SessionStatus status)
        {
            var before = await kernel.GetAsync(session);
            Assert.False((await kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation)).Interrupted);
            var after = await kernel.GetAsync(session);
            Assert.Equal((status, before.Seq), (after.Status, after.Seq));
        }
    }

    // P flaw 6: whichever is first, the turn ends once, and who interrupted is told which it was.
    [Fact]
    public async Task An_interrupt_that_meets_the_end_of_its_turn_is_told_what_the_log_tells()
    {
        Gate gate = null!;
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Wait));
        var session = await kernel.NewSessionAsync();
        for (var round = 0; round < 40; round++)
        {
            gate = new Gate();
            var accepted = await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
            await gate.Reached;

            var interrupting = Task.Run(() => kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation), Cancellation);
            gate.Open();
            var wasInterrupted = (await interrupting).Interrupted;

            var end = await kernel.EventAsync(session, accepted.Seq, e => e.Body is TurnCompleted or TurnFailed or TurnInterrupted);
            var row = await kernel.GetAsync(session);
            Assert.Equal(wasInterrupted ? typeof(TurnInterrupted) : typeof(TurnCompleted), end.Body.GetType());
            Assert.Equal((wasInterrupted ? SessionStatus.Interrupted : SessionStatus.Idle, end.Seq), (row.Status, row.Seq));
        }

        async IAsyncEnumerable<AgentOutput> Wait(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(CancellationToken.None);
            yield break;
        }
    }

    private static async IAsyncEnumerable<AgentOutput> FailOrSay(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (turn.Messages[^1].Text == "fail")
        {
            yield return new TurnFailure(FailureKind.Internal, null, "As it was told.");
            yield break;
        }

        await foreach (var output in ScriptedAgent.Say(turn, "ok").WithCancellation(cancellationToken))
            yield return output;
    }
}
