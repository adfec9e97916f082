using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>The live parts of many sessions are ended, and not all of them as they should.</summary>
public sealed class ReleaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-18, P flaw 9.
    [Fact]
    public async Task One_that_cannot_be_let_go_stops_none_of_the_others_and_is_named()
    {
        var ended = 0;
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(AskOrWait) with { Open = _ => new Counted(AskOrWait, () => Interlocked.Increment(ref ended)) });
        var failing = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(failing, new PromptRequest("ask"), Kernel.User, Cancellation);
        await kernel.EventAsync<PermissionAsked>(failing);
        await kernel.RestartAsync();
        ended = 0;
        SessionId[] others = [await kernel.NewSessionAsync(), await kernel.NewSessionAsync()];
        foreach (var session in others)
        {
            await kernel.Sessions.PromptAsync(session, new PromptRequest("wait"), Kernel.User, Cancellation);
            await kernel.EventAsync(session, 0, e => e.Body is MessageAdded { Role: Role.Assistant });
        }

        kernel.Disk.Fail(DiskCall.Write, SessionLog.NameOf(failing));
        var failed = await Assert.ThrowsAnyAsync<SkeinException>(() => kernel.Sessions.ReleaseAllAsync(null, Kernel.User, Cancellation));

        Assert.Contains(failing.Value, failed.Message, StringComparison.Ordinal);
        foreach (var session in others)
            Assert.Equal(SessionStatus.Interrupted, (await kernel.GetAsync(session)).Status);
        Assert.Equal(2, ended);
        kernel.Disk.Heal();
        Assert.Equal([failing], (await kernel.Sessions.ReleaseAllAsync(null, Kernel.User, Cancellation)).Sessions);
        Assert.Equal(SessionStatus.Interrupted, (await kernel.GetAsync(failing)).Status);
    }

    // P-18.
    [Fact]
    public async Task Who_follows_a_session_that_is_let_go_goes_on_following()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        var following = kernel.EventAsync(session, 0, e => e.Body is MessageAdded { Role: Role.User, Parts: [{ Content: TextPart { Text: "two" } }] });

        await kernel.Sessions.ReleaseAsync(session, Kernel.User, Cancellation);
        var followers = (await kernel.Sessions.GetAsync(session, Cancellation)).Clients;
        await kernel.TurnAsync(session, "two");

        Assert.Equal(1, followers);
        Assert.Equal(session, (await following).Session);
    }

    private static async IAsyncEnumerable<AgentOutput> AskOrWait(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return ScriptedAgent.Begin(turn.Ids.Next<MessageId>());
        if (turn.Messages[^1].Text == "ask")
            await turn.AskAsync(new PermissionAsked(turn.Ids.Next<PermissionId>(), turn.Id, "c1", "bash", "rm x"), cancellationToken);
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private sealed class Counted(TurnScript script, Action ended) : IAgent
    {
        public bool CanSteer => false;

        public IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, CancellationToken cancellationToken) => script(turn, cancellationToken);

        public ValueTask DisposeAsync()
        {
            ended();
            return default;
        }
    }
}
