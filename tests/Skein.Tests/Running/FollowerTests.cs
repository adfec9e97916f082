using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>What followers do to a session: nothing.</summary>
public sealed class FollowerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-07, P flaw 10.
    [Fact]
    public async Task A_follower_that_stops_reading_holds_up_nobody_and_misses_nothing()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await using var slow = kernel.Sessions.FollowAsync(session, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        await slow.MoveNextAsync();

        // Each turn's end is seen by a follower of its own.
        await kernel.TurnAsync(session, "one");
        await kernel.TurnAsync(session, "two");

        var last = (await kernel.GetAsync(session)).Seq;
        List<long> seen = [1];
        while (seen[^1] < last && await slow.MoveNextAsync())
        {
            if (slow.Current is EventFrame { Event.Seq: var seq })
                seen.Add(seq);
        }

        Assert.Equal(Enumerable.Range(1, (int)last).Select(n => (long)n), seen);
    }

    // P-21.
    [Fact]
    public async Task A_turn_goes_on_when_the_last_follower_has_left()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Wait));
        var session = await kernel.NewSessionAsync();
        var follower = kernel.Sessions.FollowAsync(session, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        await follower.MoveNextAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;

        await follower.DisposeAsync();
        var alone = await kernel.Sessions.GetAsync(session, Cancellation);
        gate.Open();
        await kernel.EventAsync<TurnCompleted>(session);

        Assert.Equal((0, SessionStatus.Running), (alone.Clients, alone.Session.Status));
        Assert.Equal(["go", "ok"], await kernel.TextsAsync(session));

        async IAsyncEnumerable<AgentOutput> Wait(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            await foreach (var output in ScriptedAgent.Say(turn, "ok"))
                yield return output;
        }
    }

    // P-09, P flaw 5.
    [Fact]
    public async Task A_failure_is_told_to_all_who_follow_and_to_who_comes_later_also_after_a_restart()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Fail));
        var session = await kernel.NewSessionAsync();
        var followers = Enumerable.Range(0, 3).Select(_ => FailureAsync()).ToList();
        var accepted = await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        var before = await kernel.GetAsync(session);

        gate.Open();
        var told = await Task.WhenAll(followers);
        var late = await FailureAsync();
        var row = await kernel.GetAsync(session);
        await kernel.RestartAsync();
        var later = await FailureAsync();

        var failed = new TurnFailed(accepted.Turn, FailureKind.Quota, "goose", "The corn is eaten.");
        Assert.Equal([failed, failed, failed, failed, failed], [.. told.Append(late).Append(later).Select(e => e.Body)]);
        Assert.Equal((SessionStatus.Error, failed, told[0].At), (row.Status, row.Failure, row.UpdatedAt));
        Assert.Equal((SessionStatus.Running, null), (before.Status, before.Failure));
        Assert.Equal(failed, (await kernel.GetAsync(session)).Failure);

        Task<SessionEvent> FailureAsync() => kernel.EventAsync<TurnFailed>(session);

        async IAsyncEnumerable<AgentOutput> Fail(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            yield return new TurnFailure(FailureKind.Quota, "goose", "The corn is eaten.");
        }
    }

    // P-08.
    [Fact]
    public async Task The_id_that_an_agent_has_for_the_session_is_told_and_kept()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Link));
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "go");
        var told = await kernel.EventAsync<AgentLinked>(session);
        await kernel.RestartAsync();

        Assert.Equal(new AgentLinked("scripted", "abc-1"), told.Body);
        Assert.Equal("abc-1", (await kernel.GetAsync(session)).AgentSession);

        static async IAsyncEnumerable<AgentOutput> Link(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new AgentLinked("scripted", "abc-1");
            await foreach (var output in ScriptedAgent.Say(turn, "ok"))
                yield return output;
        }
    }
}
