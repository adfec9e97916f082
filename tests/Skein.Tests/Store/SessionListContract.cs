using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Store;

/// <summary>Forks, lists and blobs of every store.</summary>
public abstract class SessionListContract : SessionStoreContract
{
    [Fact]
    public async Task A_fork_goes_on_with_its_origins_numbers_and_reads_them_by_reference()
    {
        await using var origin = await CreateAsync();
        await AppendManyAsync(origin, 9);
        var row = (await Store.FindAsync(origin.Session, Cancellation))!;

        await using var fork = await Store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(row, 6, new Segment(origin.Session, 6)), Some.Titled("mine")], null, Cancellation);
        await fork.AppendAsync([Some.Titled("more")], null, Cancellation);
        await origin.AppendAsync([Some.Titled("not the fork's"), new SessionTrashed()], null, Cancellation);

        var all = await ReadAllAsync(fork.Session);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], all.Select(e => e.Seq));
        Assert.Equal([.. Enumerable.Repeat(origin.Session, 6), .. Enumerable.Repeat(fork.Session, 3)], all.Select(e => e.Session));
        foreach (var place in (long[])[0, 1, 5, 6, 7, 8, 9])
        {
            Assert.Equal(Some.Texts(all.Where(e => e.Seq > place)), Some.Texts(await ReadAllAsync(fork.Session, place)));
            Assert.Equal(Some.Texts(all.Where(e => e.Seq < place).Reverse()), Some.Texts(await ReadBackAllAsync(fork.Session, place)));
        }

        Assert.Equal(Some.Texts(all.Reverse()), Some.Texts(await ReadBackAllAsync(fork.Session)));
    }

    [Fact]
    public async Task A_fork_of_a_fork_reads_each_stretch_where_it_stands()
    {
        await using var first = await CreateAsync();
        await AppendManyAsync(first, 4);
        var firstRow = (await Store.FindAsync(first.Session, Cancellation))!;
        await using var second = await Store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(firstRow, 3, new Segment(first.Session, 3))], null, Cancellation);
        await AppendManyAsync(second, 4);
        var secondRow = (await Store.FindAsync(second.Session, Cancellation))!;

        await using var third = await Store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(secondRow, 6, new Segment(first.Session, 3), new Segment(second.Session, 6))], null, Cancellation);

        var all = await ReadAllAsync(third.Session);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], all.Select(e => e.Seq));
        Assert.Equal(
            [first.Session, first.Session, first.Session, second.Session, second.Session, second.Session, third.Session], all.Select(e => e.Session));
        Assert.Equal(Some.Texts(all.Reverse()), Some.Texts(await ReadBackAllAsync(third.Session)));

        await ReopenAsync();
        Assert.Equal(Some.Texts(all), Some.Texts(await ReadAllAsync(third.Session)));
        await using var writer = await Store.OpenWriterAsync(third.Session, Cancellation);
        Assert.Equal(8, (await writer.AppendAsync([Some.Titled("8")], null, Cancellation))[0].Seq);
    }

    [Fact]
    public async Task A_fork_from_before_the_first_message_inherits_nothing()
    {
        await using var origin = await CreateAsync();
        var row = (await Store.FindAsync(origin.Session, Cancellation))!;

        await using var fork = await Store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Forked(row, 0)], null, Cancellation);

        Assert.Equal([1], (await ReadAllAsync(fork.Session)).Select(e => e.Seq));
    }

    [Fact]
    public async Task Sessions_are_listed_page_by_page_the_latest_first_the_same_instant_by_id()
    {
        var made = new List<SessionId>();
        for (var i = 0; i < 25; i++)
        {
            if (i % 5 == 0)
                Clock.Advance(TimeSpan.FromMinutes(1));
            await using var writer = await CreateAsync();
            made.Add(writer.Session);
        }

        var expected = made.Chunk(5).Reverse().SelectMany(sameInstant => sameInstant);
        var listed = new List<SessionId>();
        var cursor = (string?)null;
        do
        {
            var page = await Store.ListAsync(new SessionQuery(Limit: 7, Cursor: cursor), Cancellation);
            listed.AddRange(page.Items.Select(s => s.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(expected, listed);
    }

    [Fact]
    public async Task A_list_has_only_what_was_asked_for()
    {
        await using var plain = await CreateAsync(Some.Created("/work/one/"));
        await using var archived = await CreateAsync(Some.Created("/work/one"));
        await archived.AppendAsync([new SessionArchived()], null, Cancellation);
        await using var trashed = await CreateAsync(Some.Created("/work/two"));
        await trashed.AppendAsync([new SessionTrashed()], null, Cancellation);
        await using var running = await CreateAsync(Some.Created("/work/two", "codex", parent: plain.Session));
        await running.AppendAsync([Some.Turn(), new AgentLinked("codex", "thread-7")], null, Cancellation);

        async Task ListsAsync(SessionQuery query, params ISessionWriter[] expected) => Assert.Equal(
            expected.Select(w => w.Session).OrderBy(s => s.Value, StringComparer.Ordinal),
            (await Store.ListAsync(query, Cancellation)).Items.Select(s => s.Id).OrderBy(s => s.Value, StringComparer.Ordinal));

        await ListsAsync(new SessionQuery(), plain, running);
        await ListsAsync(new SessionQuery(Archived: null), plain, archived, running);
        await ListsAsync(new SessionQuery(Archived: true), archived);
        await ListsAsync(new SessionQuery(Workspace: "/work/one"), plain);
        await ListsAsync(new SessionQuery(Workspace: "/work/one/", Archived: null), plain, archived);
        await ListsAsync(new SessionQuery(Trashed: true), trashed);
        await ListsAsync(new SessionQuery(Status: SessionStatus.Running), running);
        await ListsAsync(new SessionQuery("/work/two", Status: SessionStatus.Running), running);
        await ListsAsync(new SessionQuery("/work/one", Status: SessionStatus.Running));
        await ListsAsync(new SessionQuery(Agent: "codex"), running);
        await ListsAsync(new SessionQuery(Parent: plain.Session), running);
        await ListsAsync(new SessionQuery(IdStart: plain.Session.Value[SessionId.Prefix.Length..]), plain);
        await ListsAsync(new SessionQuery(IdStart: running.Session.Value[^16..]), running);
        await ListsAsync(new SessionQuery(IdStart: running.Session.Value[^15..]));
        await ListsAsync(new SessionQuery(IdStart: SessionId.Prefix));
        await ListsAsync(new SessionQuery(AgentSession: "thread-7"), running);
        await plain.AppendAsync([Some.Titled("Geese (fork 2)")], null, Cancellation);
        await running.AppendAsync([Some.Titled("geese (fork 3)")], null, Cancellation);
        await ListsAsync(new SessionQuery(TitleStart: "Geese (fork"), plain);
        await ListsAsync(new SessionQuery(TitleStart: "Geese (fork 2)."));
        await running.AppendAsync([new SessionLocated("git:1", "a")], null, Cancellation);
        await ListsAsync(new SessionQuery(Project: new Project("git:1", "a")), running);
        await ListsAsync(new SessionQuery(Project: new Project("git:1", "")));
        await ListsAsync(new SessionQuery("/work/one", Project: new Project("git:1", "a")), plain, running);
        await ListsAsync(new SessionQuery("/work/one", Project: new Project("git:1", "a"), NotIn: ["/work/two"]), plain);
        await ListsAsync(new SessionQuery(NotIn: ["/work/one"]), running);
        await ListsAsync(new SessionQuery(AgentSession: "thread"));
        await ListsAsync(new SessionQuery(Agent: "nobody"));
    }

    [Theory]
    [InlineData("nonsense", 50)]
    [InlineData("!!!", 50)]
    [InlineData("", 50)]
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OTpzZXNfMDFrYWgzcTZ4OXYzbTh6cjV0MHcyeTRiNmM", 50)]
    [InlineData(null, 0)]
    [InlineData(null, 1001)]
    public async Task A_list_refuses_a_malformed_cursor_or_limit(string? cursor, int limit)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await Store.ListAsync(new SessionQuery(Cursor: cursor, Limit: limit), Cancellation));
    }
}
