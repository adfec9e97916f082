using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class ForkAndRewindTests
{
    private static readonly IdSource Ids = new(TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // N-17, N flaws 1 and 9.
    [Fact]
    public async Task A_fork_goes_on_from_a_message_and_neither_session_changes_the_other()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        await kernel.TurnAsync(origin, "two");
        var cut = (await kernel.MessagesAsync(origin))[1];

        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(cut.Id), Kernel.User, Cancellation)).Session;
        await kernel.TurnAsync(fork.Id, "other");
        await kernel.Sessions.RewindAsync(origin, new RewindRequest(), Kernel.User, Cancellation);
        await kernel.TurnAsync(origin, "three");
        await kernel.Sessions.TrashAsync(origin, Kernel.User, Cancellation);

        Assert.Equal(new ForkOrigin(origin, 7, cut.Id), fork.ForkedFrom);
        Assert.Equal(("one (fork)", 2, new Usage()), (fork.Title, fork.Messages, fork.Usage));
        Assert.Equal(["one", "You said: one", "other", "You said: other"], await kernel.TextsAsync(fork.Id));
        Assert.Equal(["one", "You said: one", "three", "You said: three"], await kernel.TextsAsync(origin));
        var log = await kernel.LogAsync(fork.Id);
        Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(e => e.Seq));
        Assert.Equal("session.forked", log[7].Type);
    }

    [Fact]
    public async Task Forks_of_forks_read_through_all_their_origins_and_are_titled_by_number()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        var first = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session;
        await kernel.TurnAsync(first.Id, "two");

        var second = (await kernel.Sessions.ForkAsync(first.Id, new ForkRequest(), Kernel.User, Cancellation)).Session;
        await kernel.TurnAsync(second.Id, "three");
        var early = (await kernel.Sessions.ForkAsync(second.Id, new ForkRequest((await kernel.MessagesAsync(origin))[0].Id), Kernel.User, Cancellation)).Session;

        Assert.Equal(["one (fork)", "one (fork 2)", "one (fork 3)"], new[] { first, second, early }.Select(f => f.Title));
        Assert.Equal(["one", "You said: one", "two", "You said: two", "three", "You said: three"], await kernel.TextsAsync(second.Id));
        Assert.Equal(["one"], await kernel.TextsAsync(early.Id));
        Assert.Equal([origin], early.Segments.Select(s => s.Session));
    }

    [Fact]
    public async Task A_fork_is_numbered_after_all_forks_there_are_however_many_sessions_came_since()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        var row = await kernel.GetAsync(origin);
        await MakeAsync("one (fork 41)");
        await Parallel.ForAsync(0, 1001, Cancellation, async (i, _) => await MakeAsync(i % 2 == 0 ? $"one (fork {i % 20})" : "other (fork 60)"));

        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session;

        Assert.Equal("one (fork 42)", fork.Title);

        async Task MakeAsync(string title)
        {
            await using var writer = await kernel.Store.CreateAsync(
                Ids.Next<SessionId>(), [new SessionCreated(row.Workspace, row.Agent, row.Model, row.Mode, title)], null, Cancellation);
        }
    }

    [Fact]
    public async Task A_fork_at_any_of_ten_thousand_messages_costs_the_disk_no_more_than_one_of_ten()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var (small, large) = (await LongSessionAsync(kernel, 10), await LongSessionAsync(kernel, 10_000));
        var ofSmall = await ForkCostAsync(kernel, small.Session, small.Messages[5]);

        var ofLarge = new List<(long Bytes, int Reads, int Written, int Changes)>();
        foreach (var at in (int[])[0, 1, 17, 4_999, 5_000, 9_000, 9_998, 9_999])
            ofLarge.Add(await ForkCostAsync(kernel, large.Session, large.Messages[at]));

        // Halving finds the place; what is read there and written is the same.
        Assert.All(ofLarge, cost => Assert.Equal((ofSmall.Changes, true), (cost.Changes, Math.Abs(cost.Written - ofSmall.Written) < 60)));
        Assert.All(ofLarge, cost => Assert.True(cost.Reads <= ofSmall.Reads + 20 && cost.Bytes <= 16 * 64 * 1024, $"{cost} of the large one, {ofSmall} of the small one"));
    }

    private static async Task<(SessionId Session, IReadOnlyList<MessageId> Messages)> LongSessionAsync(Kernel kernel, int count)
    {
        var session = kernel.Sessions.Ids.Next<SessionId>();
        var messages = Enumerable.Range(0, count).Select(_ => kernel.Sessions.Ids.Next<MessageId>()).ToList();
        await using (var writer = await kernel.Store.CreateAsync(session, [new SessionCreated(kernel.Workspace, "scripted", null, PermissionMode.Ask, $"of {count}", "here")], null, Cancellation))
        {
            foreach (var chunk in messages.Index().Chunk(500))
            {
                await writer.AppendAsync(
                    [.. chunk.Select(m => new MessageAdded(m.Item, m.Index % 2 == 0 ? Role.User : Role.Assistant, MessageStatus.Completed, m.Index + 1, [new MessagePart(kernel.Sessions.Ids.Next<PartId>(), new TextPart(new string('x', 1_000)))]))],
                    null, Cancellation);
            }
        }

        // From here on it is in use, and was looked through once for where its messages are.
        await kernel.Sessions.ForkAsync(session, new ForkRequest(messages[0]), Kernel.User, Cancellation);
        return (session, messages);
    }

    private static async Task<(long Bytes, int Reads, int Written, int Changes)> ForkCostAsync(Kernel kernel, SessionId origin, MessageId message)
    {
        DiskCall[] changes = [DiskCall.Create, DiskCall.Write, DiskCall.Flush, DiskCall.FlushFolder, DiskCall.Rename, DiskCall.Truncate];
        var (bytes, reads, before) = (kernel.Disk.BytesRead, kernel.Disk.Count(DiskCall.Read, ""), changes.Sum(c => kernel.Disk.Count(c, "")));

        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(message, "a fork"), Kernel.User, Cancellation)).Session.Id;

        var log = Directory.GetFiles(kernel.Home, $"{fork}.jsonl", SearchOption.AllDirectories).Single();
        return (kernel.Disk.BytesRead - bytes, kernel.Disk.Count(DiskCall.Read, "") - reads, (int)new FileInfo(log).Length, changes.Sum(c => kernel.Disk.Count(c, "")) - before);
    }

    [Fact]
    public async Task Whatever_becomes_of_its_origin_a_fork_of_a_fork_stays_and_the_space_goes_with_the_last_reference()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        await kernel.TurnAsync(origin, "two");
        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await kernel.TurnAsync(fork, "three");
        var second = (await kernel.Sessions.ForkAsync(fork, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var expected = await kernel.TextsAsync(second);
        Assert.Equal(6, expected.Count);

        await kernel.Sessions.RewindAsync(origin, new RewindRequest(), Kernel.User, Cancellation);
        await kernel.Sessions.RewindAsync(fork, new RewindRequest((await kernel.MessagesAsync(fork))[0].Id), Kernel.User, Cancellation);
        Assert.Equal(expected, await kernel.TextsAsync(second));
        foreach (var gone in (SessionId[])[origin, fork])
        {
            await kernel.Sessions.TrashAsync(gone, Kernel.User, Cancellation);
            Assert.Equal(expected, await kernel.TextsAsync(second));
            await kernel.Sessions.PurgeAsync(gone, Kernel.User, Cancellation);
            Assert.Equal(expected, await kernel.TextsAsync(second));
            Assert.Equal(0, (await kernel.Sessions.CollectAsync(Cancellation)).Origins.Files);
            await kernel.RestartAsync();
            Assert.Equal(expected, await kernel.TextsAsync(second));
        }

        await kernel.Sessions.TrashAsync(second, Kernel.User, Cancellation);
        await kernel.Sessions.PurgeAsync(second, Kernel.User, Cancellation);
        Assert.Equal(2, (await kernel.Sessions.CollectAsync(Cancellation)).Origins.Files);
        Assert.Empty(Directory.GetFiles(Path.Combine(kernel.Home, "sessions"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_fork_shows_a_message_as_it_had_been_edited()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        await kernel.TurnAsync(origin, "two");
        var message = (await kernel.MessagesAsync(origin))[0];
        await kernel.Sessions.EditMessageAsync(origin, message.Id, new MessageChange([new TextPart("uno")]), Kernel.User, Cancellation);

        var fork = await kernel.Sessions.ForkAsync(origin, new ForkRequest(message.Id), Kernel.User, Cancellation);

        Assert.Equal(["uno"], await kernel.TextsAsync(fork.Session.Id));
    }

    [Fact]
    public async Task Early_pages_of_a_fork_show_what_had_been_edited_late()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        foreach (var prompt in (string[])["one", "two", "three"])
            await kernel.TurnAsync(origin, prompt);
        var messages = await kernel.MessagesAsync(origin);
        await kernel.Sessions.EditMessageAsync(origin, messages[0].Id, new MessageChange([new TextPart("uno")]), Kernel.User, Cancellation);

        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var last = await kernel.Sessions.ListMessagesAsync(fork, null, 2, Cancellation);
        var first = await kernel.Sessions.ListMessagesAsync(fork, last.Before, 10, Cancellation);

        Assert.Equal(["uno", "You said: one", "two", "You said: two"], first.Items.Select(m => m.Text));
    }

    [Fact]
    public async Task What_was_rewound_for_good_is_no_message_of_a_fork_and_of_its_forks()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");
        await kernel.TurnAsync(origin, "two");
        var gone = (await kernel.MessagesAsync(origin))[3].Id;
        await kernel.Sessions.RewindAsync(origin, new RewindRequest(), Kernel.User, Cancellation);

        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await kernel.TurnAsync(fork, "three");
        var second = (await kernel.Sessions.ForkAsync(fork, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;

        foreach (var session in (SessionId[])[fork, second])
        {
            await Assert.ThrowsAsync<NotInSessionException>(() => kernel.Sessions.GetMessageAsync(session, gone, Cancellation));
            await Assert.ThrowsAsync<NotInSessionException>(() => kernel.Sessions.RewindAsync(session, new RewindRequest(gone), Kernel.User, Cancellation));
            Assert.Equal(["one", "You said: one", "three", "You said: three"], await kernel.TextsAsync(session));
        }
    }

    // N-18, N flaw 10.
    [Fact]
    public async Task A_rewind_hides_the_last_turn_and_unrewind_brings_it_back_until_the_next_prompt()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        await kernel.TurnAsync(session, "two");

        await kernel.Sessions.RewindAsync(session, new RewindRequest(), Kernel.User, Cancellation);
        await kernel.Sessions.RewindAsync(session, new RewindRequest(), Kernel.User, Cancellation);
        var empty = await kernel.TextsAsync(session);
        await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.RewindAsync(session, new RewindRequest(), Kernel.User, Cancellation));
        await kernel.RestartAsync();
        await kernel.Sessions.UnrewindAsync(session, new UnrewindRequest(), Kernel.User, Cancellation);
        var back = await kernel.GetAsync(session);
        await kernel.TurnAsync(session, "three");

        Assert.Empty(empty);
        Assert.Equal((2, 1), (back.Messages, back.Rewinds.Count));
        Assert.Equal(["one", "You said: one", "three", "You said: three"], await kernel.TextsAsync(session));
        await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.UnrewindAsync(session, new UnrewindRequest(), Kernel.User, Cancellation));
        Assert.Equal(4, (await kernel.GetAsync(session)).Messages);
    }

    [Fact]
    public async Task A_rewind_to_an_unknown_message_changes_nothing()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        var before = await kernel.GetAsync(session);

        await Assert.ThrowsAsync<NotInSessionException>(
            () => kernel.Sessions.RewindAsync(session, new RewindRequest(kernel.Sessions.Ids.Next<MessageId>()), Kernel.User, Cancellation));

        Assert.Equal(before.Seq, (await kernel.GetAsync(session)).Seq);
    }

    // N-19: pages from the tail, over rewinds and edits.
    [Fact]
    public async Task Pages_from_the_tail_hold_every_visible_message_once()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        for (var i = 1; i <= 5; i++)
            await kernel.TurnAsync(session, $"p{i}");
        await kernel.Sessions.RewindAsync(session, new RewindRequest((await kernel.MessagesAsync(session))[5].Id), Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "p6");
        var first = (await kernel.MessagesAsync(session))[0];
        await kernel.Sessions.EditMessageAsync(session, first.Id, new MessageChange([new TextPart("edited")]), Kernel.User, Cancellation);

        List<string> texts = [];
        var sizes = new List<int>();
        long? before = null;
        do
        {
            var page = await kernel.Sessions.ListMessagesAsync(session, before, 3, Cancellation);
            texts.InsertRange(0, page.Items.Select(m => m.Text));
            sizes.Add(page.Items.Count);
            before = page.Before;
        }
        while (before is not null);

        Assert.Equal([3, 3, 2], sizes);
        Assert.Equal(["edited", "You said: p1", "p2", "You said: p2", "p3", "You said: p3", "p6", "You said: p6"], texts);
    }
}
