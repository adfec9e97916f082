using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Store;

/// <summary>How every store deletes for good, and gives space back.</summary>
public abstract class PurgeContract : SearchContract
{
    [Fact]
    public async Task A_purged_session_is_gone_also_after_a_restart()
    {
        var session = await MakeTrashedAsync(key: "made-once");
        var other = await MakeAsync("other");

        await Store.PurgeAsync(session, Cancellation);

        await AssertGoneAsync();
        await ReopenAsync();
        await AssertGoneAsync();

        async Task AssertGoneAsync()
        {
            Assert.Null(await Store.FindAsync(session, Cancellation));
            Assert.Null(await Store.FindByKeyAsync("made-once", Cancellation));
            Assert.Empty((await Store.ListAsync(new SessionQuery(Trashed: true, Archived: null), Cancellation)).Items);
            Assert.Equal(other, Assert.Single((await Store.ListAsync(new SessionQuery(), Cancellation)).Items).Id);
            Assert.DoesNotContain(session, await Store.FindAbandonedAsync(Cancellation));
            await Assert.ThrowsAsync<SessionNotFoundException>(() => ReadAllAsync(session));
            await Assert.ThrowsAsync<SessionNotFoundException>(() => Store.WaitForChangeAsync(session, 0, Cancellation));
            await Assert.ThrowsAsync<SessionNotFoundException>(async () => await Store.OpenWriterAsync(session, Cancellation));
            await Assert.ThrowsAsync<SessionNotFoundException>(async () => await Store.PurgeAsync(session, Cancellation));
        }
    }

    [Fact]
    public async Task Only_what_is_in_the_trash_and_at_rest_is_purged()
    {
        await using var writer = await CreateAsync();
        await Assert.ThrowsAsync<ConflictException>(async () => await Store.PurgeAsync(writer.Session, Cancellation));
        await writer.AppendAsync([Some.Turn(), new SessionTrashed()], null, Cancellation);
        await Assert.ThrowsAsync<ConflictException>(async () => await Store.PurgeAsync(writer.Session, Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(async () => await Store.PurgeAsync(Some.Ids.Next<SessionId>(), Cancellation));

        // Who was refused has changed nothing, not even whose the session is.
        Assert.Equal(4, (await writer.AppendAsync([Some.Titled("still here")], null, Cancellation))[0].Seq);
        Assert.Equal(4, (await ReadAllAsync(writer.Session)).Count);
    }

    [Fact]
    public async Task A_purge_takes_the_right_to_append_away_and_wakes_who_waits()
    {
        await using var writer = await CreateAsync();
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        var waiting = Store.WaitForChangeAsync(writer.Session, after: 2, Cancellation);

        await Store.PurgeAsync(writer.Session, Cancellation);

        await Assert.ThrowsAsync<SessionNotFoundException>(() => waiting);
        await Assert.ThrowsAsync<FencedException>(async () => await writer.AppendAsync([Some.Titled("too late")], null, Cancellation));
    }

    [Fact]
    public async Task A_fork_reads_what_it_inherited_when_its_origin_is_purged()
    {
        var origin = await CreateAsync();
        await origin.AppendAsync(Some.WholeTurn(1), Some.By, Cancellation);
        await AppendManyAsync(origin, 500);
        var fork = await ForkAsync(origin.Session, upTo: 7);
        var later = await ForkAsync(origin.Session, upTo: 300);
        var of = await ForkAsync(fork, upTo: 9, new Segment(origin.Session, 7));
        var before = await TextsAsync(fork, later, of);
        await TrashAsync(origin);

        await Store.PurgeAsync(origin.Session, Cancellation);

        Assert.Equal(before, await TextsAsync(fork, later, of));
        await ReopenAsync();
        Assert.Equal(before, await TextsAsync(fork, later, of));
        Assert.Null(await Store.FindAsync(origin.Session, Cancellation));
        Assert.DoesNotContain(origin.Session, (await Store.ListAsync(new SessionQuery(Archived: null), Cancellation)).Items.Select(s => s.Id));

        // What is kept for forks can be forked again, and is nobody's name.
        var again = await ForkAsync(later, upTo: 100, new Segment(origin.Session, 100));
        Assert.Equal((await ReadAllAsync(later)).Take(100).Select(Some.Text), (await ReadAllAsync(again)).Take(100).Select(Some.Text));
        await Assert.ThrowsAsync<SessionExistsException>(async () => await Store.CreateAsync(origin.Session, [Some.Created()], null, Cancellation));
    }

    [Fact]
    public async Task Nothing_is_left_of_an_origin_when_its_last_fork_is_purged()
    {
        var origin = await CreateAsync();
        await AppendManyAsync(origin, 50);
        var first = await ForkAsync(origin.Session, upTo: 40);
        var second = await ForkAsync(origin.Session, upTo: 20);
        await TrashAsync(origin);
        await Store.PurgeAsync(origin.Session, Cancellation);

        await PurgeAsync(first);
        Assert.Equal(Reclaimed.Nothing, (await Store.CollectAsync(Cancellation)).Origins);
        Assert.Equal(22, (await ReadAllAsync(second)).Count);
        await PurgeAsync(second);

        var collected = await Store.CollectAsync(Cancellation);
        Assert.Equal((1, true), (collected.Origins.Files, collected.Origins.Bytes > 0));
        Assert.Empty(collected.Problems);
        await using var reused = await Store.CreateAsync(origin.Session, [Some.Created()], null, Cancellation);
        Assert.Single(await ReadAllAsync(origin.Session));
    }

    [Fact]
    public async Task A_blob_goes_with_the_last_session_that_names_it()
    {
        var blob = await PutAsync("a long answer");
        var shared = await PutAsync("shared");
        var first = await MakeAsync("first", Naming(blob), Naming(shared));
        var second = await MakeAsync("second", Naming(shared));
        Clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(Reclaimed.Nothing, (await Store.CollectAsync(Cancellation)).Blobs);
        await PurgeAsync(first);
        Assert.Equal(new Reclaimed(1, blob.Size), (await Store.CollectAsync(Cancellation)).Blobs);
        Assert.Null(await Store.FindBlobAsync(blob.Sha256, Cancellation));
        await using (var found = await Store.FindBlobAsync(shared.Sha256, Cancellation))
            Assert.NotNull(found);
        await PurgeAsync(second);
        Assert.Equal(new Reclaimed(1, shared.Size), (await Store.CollectAsync(Cancellation)).Blobs);
    }

    [Fact]
    public async Task A_blob_that_a_fork_inherited_stays()
    {
        var blob = await PutAsync("seen by both");
        var origin = await CreateAsync();
        await origin.AppendAsync([Naming(blob)], null, Cancellation);
        var fork = await ForkAsync(origin.Session, upTo: 2);
        await TrashAsync(origin);
        await Store.PurgeAsync(origin.Session, Cancellation);
        Clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(Reclaimed.Nothing, (await Store.CollectAsync(Cancellation)).Blobs);
        await PurgeAsync(fork);

        var collected = await Store.CollectAsync(Cancellation);
        Assert.Equal((1, 1), (collected.Origins.Files, collected.Blobs.Files));
    }

    [Fact]
    public async Task A_blob_that_was_put_lately_waits_for_the_event_that_names_it_also_one_that_was_there_before()
    {
        var blob = await PutAsync("twice");
        Clock.Advance(TimeSpan.FromHours(2));
        await PutAsync("twice");
        Clock.Advance(TimeSpan.FromMinutes(59));

        Assert.Equal(Reclaimed.Nothing, (await Store.CollectAsync(Cancellation)).Blobs);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(new Reclaimed(1, blob.Size), (await Store.CollectAsync(Cancellation)).Blobs);
    }

    /// <summary>An event that names a blob, of a kind that this version does not know.</summary>
    private static UnknownEvent Naming(BlobRef blob) =>
        new("swan.pictured", JsonElement.Parse($$"""{"in":[{"picture":"{{blob.Sha256}}"}]}"""));

    private async Task<BlobRef> PutAsync(string text) =>
        await Store.PutBlobAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text/plain", Cancellation);

    private async Task<SessionId> MakeAsync(string title, params IReadOnlyList<EventBody> bodies)
    {
        await using var writer = await CreateAsync(Some.Created(title: title));
        if (bodies.Count > 0)
            await writer.AppendAsync(bodies, null, Cancellation);
        return writer.Session;
    }

    private async Task<SessionId> MakeTrashedAsync(string? key = null)
    {
        await using var writer = await CreateAsync(key: key);
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        return writer.Session;
    }

    private async Task<SessionId> ForkAsync(SessionId session, long upTo, params Segment[] segments)
    {
        var origin = (await Store.FindAsync(session, Cancellation))!;
        if (origin.ForkedFrom is null || origin.ForkedFrom.Seq < upTo)
            segments = [.. segments, new Segment(session, upTo)];
        await using var writer = await Store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Forked(origin, upTo, segments)], null, Cancellation);
        await writer.AppendAsync([Some.Titled("its own")], null, Cancellation);
        return writer.Session;
    }

    private static async Task TrashAsync(ISessionWriter writer)
    {
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        await writer.DisposeAsync();
    }

    private async Task PurgeAsync(SessionId session)
    {
        await TrashAsync(await Store.OpenWriterAsync(session, Cancellation));
        await Store.PurgeAsync(session, Cancellation);
    }

    private async Task<IReadOnlyList<string>> TextsAsync(params SessionId[] sessions)
    {
        List<string> texts = [];
        foreach (var session in sessions)
        {
            var all = await ReadAllAsync(session);
            Assert.DoesNotContain(all, e => e.Body is Gap);
            Assert.Equal(Some.Texts(all.Reverse()), Some.Texts(await ReadBackAllAsync(session)));
            texts.AddRange(Some.Texts(all));
        }

        return texts;
    }
}
