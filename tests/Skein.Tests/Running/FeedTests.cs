using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class FeedTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-10, P flaw 2.
    [Fact]
    public async Task A_follower_that_comes_back_with_its_last_sequence_misses_nothing_and_sees_nothing_twice()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        var seen = await kernel.Sessions.FollowAsync(session, 0, Cancellation).OfType<EventFrame>().Take(4).ToListAsync(Cancellation);

        await kernel.TurnAsync(session, "two");
        var rest = await kernel.Sessions.FollowAsync(session, seen[^1].Event.Seq, Cancellation).OfType<EventFrame>()
            .Take((int)(await kernel.GetAsync(session)).Seq - 4).ToListAsync(Cancellation);

        Assert.Equal(await kernel.LogAsync(session), seen.Concat(rest).Select(f => f.Event), SameEvent);
    }

    [Fact]
    public async Task Whoever_attaches_in_the_middle_of_a_part_gets_its_text_so_far_and_then_the_rest()
    {
        var (first, second) = (new Gate(), new Gate());
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Stream));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await first.Reached;

        await using var late = kernel.Sessions.FollowAsync(session, 0, Cancellation).OfType<DeltaFrame>().GetAsyncEnumerator(Cancellation);
        await late.MoveNextAsync();
        var soFar = late.Current.Delta;
        first.Open();
        await second.Reached;
        await late.MoveNextAsync();
        var rest = late.Current.Delta;
        second.Open();
        var whole = (PartAdded)(await kernel.EventAsync<PartAdded>(session)).Body;

        Assert.Equal((0, "Hello, "), (soFar.Offset, soFar.Text));
        Assert.Equal((7, "wide 🧵 world"), (rest.Offset, rest.Text));
        Assert.Equal(new TextPart("Hello, wide 🧵 world"), whole.Content);

        async IAsyncEnumerable<AgentOutput> Stream(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var (message, part) = (turn.Ids.Next<MessageId>(), turn.Ids.Next<PartId>());
            yield return ScriptedAgent.Begin(message);
            yield return new AgentDelta(message, part, StreamKind.Text, "Hello, ");
            await first.PassAsync(cancellationToken);
            yield return new AgentDelta(message, part, StreamKind.Text, "wide 🧵 world");
            await second.PassAsync(cancellationToken);
            yield return new PartAdded(message, part, new TextPart("Hello, wide 🧵 world"));
        }
    }

    [Fact]
    public async Task A_surrogate_pair_that_arrives_in_two_pieces_is_never_split()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Stream));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        await using var follower = kernel.Sessions.FollowAsync(session, 0, Cancellation).OfType<DeltaFrame>().GetAsyncEnumerator(Cancellation);

        await follower.MoveNextAsync();
        var before = follower.Current.Delta.Text;
        gate.Open();
        await follower.MoveNextAsync();

        Assert.Equal(("a", "🧵b"), (before, follower.Current.Delta.Text));

        async IAsyncEnumerable<AgentOutput> Stream(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var (message, part) = (turn.Ids.Next<MessageId>(), turn.Ids.Next<PartId>());
            yield return ScriptedAgent.Begin(message);
            yield return new AgentDelta(message, part, StreamKind.Text, "a\ud83e");
            await gate.PassAsync(cancellationToken);
            yield return new AgentDelta(message, part, StreamKind.Text, "\uddf5b");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    [Fact]
    public async Task A_cursor_beyond_the_end_is_an_error_that_names_the_end()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();

        var ahead = await Assert.ThrowsAsync<CursorAheadException>(
            async () => await kernel.Sessions.FollowAsync(session, 7, Cancellation).FirstAsync(Cancellation));

        Assert.Equal((7, 1), (ahead.After, ahead.Last));
    }

    [Fact]
    public async Task Followers_are_counted_while_they_are_attached()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        var follower = kernel.Sessions.FollowAsync(session, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        await follower.MoveNextAsync();

        var attached = (await kernel.Sessions.GetAsync(session, Cancellation)).Clients;
        await follower.DisposeAsync();

        Assert.Equal((1, 0), (attached, (await kernel.Sessions.GetAsync(session, Cancellation)).Clients));
    }

    [Fact]
    public async Task The_feed_of_all_sessions_begins_with_the_live_ones_and_goes_on_with_every_change()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Wait));
        await kernel.NewSessionAsync();
        var live = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(live, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        await using var rows = kernel.Sessions.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        await rows.MoveNextAsync();
        var snapshot = rows.Current;
        gate.Open();
        while (rows.Current.Row.Status != SessionStatus.Idle)
            await rows.MoveNextAsync();

        Assert.Equal((live, SessionStatus.Running), (snapshot.Session, snapshot.Row.Status));
        Assert.Equal(live, rows.Current.Session);

        async IAsyncEnumerable<AgentOutput> Wait(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            yield break;
        }
    }

    private static bool SameEvent(SessionEvent left, SessionEvent right) =>
        (left.Session, left.Seq, left.At, left.Type) == (right.Session, right.Seq, right.At, right.Type);
}
