using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>A disk that fails under a running session: nothing is lost, nothing is told that is not so, and it goes on when the disk does.</summary>
public sealed class FailingDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prompt_that_cannot_be_written_is_refused_and_the_next_one_after_the_fault_works()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        var before = await kernel.LogAsync(session);
        kernel.Disk.Fail(DiskCall.Flush, ".jsonl");

        await Assert.ThrowsAsync<StoreStoppedException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("lost"), Kernel.User, Cancellation));

        Assert.Equal(before.Select(e => e.Seq), (await kernel.LogAsync(session)).Select(e => e.Seq));
        await kernel.TurnAsync(session, "two");
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(session));
    }

    [Theory]
    [InlineData("No space left on device")]
    [InlineData("Input/output error")]
    [InlineData("Permission denied")]
    [InlineData("Read-only file system")]
    public async Task While_the_disk_takes_nothing_appends_are_refused_with_its_words_reading_goes_on_and_so_does_all_after_it(string error)
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var (open, idle) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.TurnAsync(open, "one");
        await kernel.TurnAsync(idle, "one");
        await kernel.RestartAsync();
        await kernel.TurnAsync(open, "two");
        await kernel.TextsAsync(idle);
        foreach (var call in (DiskCall[])[DiskCall.Write, DiskCall.Flush, DiskCall.Truncate, DiskCall.Create, DiskCall.Rename, DiskCall.FlushFolder, DiskCall.MakeFolder, DiskCall.Delete])
            kernel.Disk.Fail(call, "sessions", error, times: int.MaxValue);

        foreach (var session in (SessionId[])[open, idle, open])
        {
            var refused = await Assert.ThrowsAnyAsync<SkeinException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("lost"), Kernel.User, Cancellation));
            Assert.True(refused is StoreStoppedException or AppendUnknownException, refused.ToString());
            Assert.Contains(error, refused.Message, StringComparison.Ordinal);
            Assert.Contains(session.Value, refused.Message, StringComparison.Ordinal);
        }

        Assert.Contains(error, (await Assert.ThrowsAsync<StoreStoppedException>(kernel.NewSessionAsync)).Message, StringComparison.Ordinal);
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(open));
        Assert.Equal(["one", "You said: one"], await kernel.TextsAsync(idle));
        Assert.Equal(2, (await kernel.Sessions.ListAsync(new SessionQuery(), Cancellation)).Items.Count);
        kernel.Disk.Heal();

        await kernel.TurnAsync(open, "three");
        await kernel.TurnAsync(idle, "three");
        await kernel.TurnAsync(await kernel.NewSessionAsync(), "new");
        Assert.Equal(["one", "You said: one", "two", "You said: two", "three", "You said: three"], await kernel.TextsAsync(open));
        Assert.Equal(["one", "You said: one", "three", "You said: three"], await kernel.TextsAsync(idle));
        Assert.DoesNotContain(await kernel.LogAsync(open), e => e.Body is SessionRepaired or Gap);
    }

    [Fact]
    public async Task With_no_descriptor_left_what_is_open_goes_on_and_the_rest_is_refused_until_there_is_one()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var (open, idle) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.TurnAsync(idle, "one");
        await kernel.RestartAsync();
        await kernel.TurnAsync(open, "one");
        kernel.Disk.Fail(DiskCall.Open, "sessions", "Too many open files", times: int.MaxValue);

        await kernel.Sessions.ChangeAsync(open, new SessionChange(Title: "goes on"), Kernel.User, Cancellation);
        var append = await Assert.ThrowsAsync<StoreStoppedException>(() => kernel.Sessions.PromptAsync(idle, new PromptRequest("lost"), Kernel.User, Cancellation));
        var read = await Assert.ThrowsAsync<DamagedException>(() => kernel.TextsAsync(idle));
        kernel.Disk.Heal();

        Assert.All([append.Message, read.Message], m => Assert.Contains("Too many open files", m, StringComparison.Ordinal));
        Assert.Equal("goes on", (await kernel.GetAsync(open)).Title);
        await kernel.TurnAsync(idle, "two");
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(idle));
    }

    [Fact]
    public async Task A_turn_whose_events_cannot_be_written_ends_and_the_session_is_mended_when_the_disk_works_again()
    {
        var gate = new Gate();
        var stopped = new TaskCompletionSource();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Speak));
        var session = await kernel.NewSessionAsync();
        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        kernel.Disk.Fail(DiskCall.Write, ".jsonl", times: int.MaxValue);

        gate.Open();
        await stopped.Task.WaitAsync(Cancellation);
        await Assert.ThrowsAsync<StoreStoppedException>(() => kernel.Sessions.PromptAsync(session, new PromptRequest("still full"), Kernel.User, Cancellation));
        var read = await kernel.TextsAsync(session);
        kernel.Disk.Heal();
        var next = await kernel.Sessions.PromptAsync(session, new PromptRequest("again"), Kernel.User, Cancellation);
        await kernel.EventAsync(session, next.Seq, e => e.Body is TurnCompleted done && done.Turn == next.Turn);

        Assert.Equal(["go", ""], read);
        Assert.Equal(["go", "", "again", "fine"], await kernel.TextsAsync(session));
        var log = await kernel.LogAsync(session);
        Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(e => e.Seq));
        Assert.Equal(first.Turn, Assert.Single(log.Select(e => e.Body).OfType<TurnInterrupted>()).Turn);
        Assert.Single(log.Select(e => e.Body).OfType<SessionRepaired>());

        async IAsyncEnumerable<AgentOutput> Speak(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (turn.Messages[^1].Text == "again")
            {
                await foreach (var output in ScriptedAgent.Say(turn, "fine"))
                    yield return output;
                yield break;
            }

            var message = turn.Ids.Next<MessageId>();
            try
            {
                yield return ScriptedAgent.Begin(message);
                await gate.PassAsync(cancellationToken);
                yield return new PartAdded(message, turn.Ids.Next<PartId>(), new TextPart("never durable"));
            }
            finally
            {
                stopped.SetResult();
            }
        }
    }

    // P-08.
    [Fact]
    public async Task An_agents_own_id_that_cannot_be_kept_ends_the_turn_and_the_next_one_keeps_another()
    {
        var gate = new Gate();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ids = new Queue<string>(["own-1", "own-2"]);
        var known = new List<string?>();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Link));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        kernel.Disk.Fail(DiskCall.Write, ".jsonl", times: int.MaxValue);
        gate.Open();
        await stopped.Task.WaitAsync(Cancellation);
        var between = await kernel.GetAsync(session);
        kernel.Disk.Heal();

        await kernel.TurnAsync(session, "again");

        Assert.Null(between.AgentSession);
        Assert.Equal([null], known);
        Assert.Equal("own-2", (await kernel.GetAsync(session)).AgentSession);
        Assert.Equal(["own-2"], (await kernel.LogAsync(session)).Select(e => e.Body).OfType<AgentLinked>().Select(l => l.Id));
        Assert.Equal(["go", "again", "fine"], await kernel.TextsAsync(session));

        async IAsyncEnumerable<AgentOutput> Link(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            try
            {
                await gate.PassAsync(cancellationToken);
                if (turn.Messages[^1].Text == "again")
                    known.Add(turn.Session.AgentSession);
                yield return new AgentLinked("scripted", ids.Dequeue());
            }
            finally
            {
                stopped.TrySetResult();
            }

            await foreach (var output in ScriptedAgent.Say(turn, "fine"))
                yield return output;
        }
    }
}
