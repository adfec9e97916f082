using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>What every store must do. Inherited once by each.</summary>
public abstract class SessionStoreContract : IAsyncLifetime
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected ManualClock Clock { get; } = new();

    protected ISessionStore Store { get; private set; } = null!;

    /// <summary>Opens the store, with what an earlier opening in this test left there.</summary>
    protected abstract Task<ISessionStore> OpenAsync();

    /// <summary>Removes everything.</summary>
    protected abstract void Clean();

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Clean();
        GC.SuppressFinalize(this);
    }

    protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenAsync();
    }

    protected async Task<ISessionWriter> CreateAsync(SessionCreated? created = null, string? key = null) =>
        await Store.CreateAsync(Some.Ids.Next<SessionId>(), [created ?? Some.Created()], Some.By with { Key = key }, Cancellation);

    protected async Task<IReadOnlyList<SessionEvent>> ReadAllAsync(SessionId session, long after = 0) =>
        await Store.ReadAsync(session, after, Cancellation).ToListAsync(Cancellation);

    protected async Task<IReadOnlyList<SessionEvent>> ReadBackAllAsync(SessionId session, long before = long.MaxValue) =>
        await Store.ReadBackAsync(session, before, Cancellation).ToListAsync(Cancellation);

    protected static async Task AppendManyAsync(ISessionWriter writer, int count, int length = 200)
    {
        var waiting = new List<Task>();
        for (var i = 0; i < count; i++)
            waiting.Add(writer.AppendAsync([Some.Titled($"{i} {new string('x', length)}")], null, Cancellation).AsTask());
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Messages_and_the_events_of_a_request_are_found_without_reading_the_rest_also_what_was_appended_since()
    {
        var message = Some.Message("Found by its id.");
        string[] keys = ["key \"one\"", new string('k', 200), "{\"key\":\"two\"}"];
        SessionId session;
        await using (var writer = await CreateAsync(key: "creation"))
        {
            session = writer.Session;
            var added = (await writer.AppendAsync([message, Some.Titled("after it")], Some.By with { Key = keys[0] }, Cancellation))[0].Seq;
            Assert.Equal(added, await Store.FindMessageAsync(session, message.Message, Cancellation));

            var later = Some.Message("Said later, with \"key\":\"key-1\" in it.", 2);
            var seq = (await writer.AppendAsync([later], Some.By with { Key = keys[1] }, Cancellation))[0].Seq;
            await writer.AppendAsync([Some.Titled("by the third")], Some.By with { Key = keys[2] }, Cancellation);
            Assert.Equal(seq, await Store.FindMessageAsync(session, later.Message, Cancellation));
        }

        for (var opened = 1; opened <= 2; opened++)
        {
            Assert.NotNull(await Store.FindMessageAsync(session, message.Message, Cancellation));
            Assert.Null(await Store.FindMessageAsync(session, Some.Ids.Next<MessageId>(), Cancellation));
            Assert.Equal((int[])[2, 1, 1], await Task.WhenAll(keys.Select(async k => (await Store.FindAppendedAsync(session, k, Cancellation)).Count)));
            Assert.Equal("session.created", Assert.Single(await Store.FindAppendedAsync(session, "creation", Cancellation)).Type);
            Assert.Empty(await Store.FindAppendedAsync(session, "key-1", Cancellation));
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task What_is_appended_between_two_questions_is_found_by_the_second()
    {
        await using var writer = await CreateAsync();
        var appended = new Dictionary<string, IReadOnlyList<SessionEvent>>();
        for (var number = 0; number < 20; number++)
        {
            var key = $"key-{number}";
            Assert.Empty(await Store.FindAppendedAsync(writer.Session, key, Cancellation));
            await writer.AppendAsync([Some.Titled(new string('ä', 100 * number))], Some.By, Cancellation);
            appended[key] = await writer.AppendAsync([Some.Message("asked", 1), Some.Titled("between"), Some.Message("said", 2)], Some.By with { Key = key }, Cancellation);

            foreach (var (asked, events) in appended)
            {
                Assert.Equal(events.Select(e => e.Seq), (await Store.FindAppendedAsync(writer.Session, asked, Cancellation)).Select(e => e.Seq));
                Assert.Equal(events[^1].Seq, await Store.FindMessageAsync(writer.Session, ((MessageAdded)events[^1].Body).Message, Cancellation));
            }
        }
    }

    [Fact]
    public async Task A_fork_finds_the_messages_it_inherited_and_no_request_of_its_origin()
    {
        var (kept, left) = (Some.Message("before the fork"), Some.Message("after it", 2));
        await using var origin = await CreateAsync();
        var upTo = (await origin.AppendAsync([kept], Some.By with { Key = "asked" }, Cancellation))[0].Seq;
        await origin.AppendAsync([left], null, Cancellation);
        var row = (await Store.FindAsync(origin.Session, Cancellation))!;

        await using var fork = await Store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Forked(row, upTo, new Segment(origin.Session, upTo))], null, Cancellation);

        Assert.Equal(upTo, await Store.FindMessageAsync(fork.Session, kept.Message, Cancellation));
        Assert.Null(await Store.FindMessageAsync(fork.Session, left.Message, Cancellation));
        Assert.Empty(await Store.FindAppendedAsync(fork.Session, "asked", Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(async () => await Store.FindMessageAsync(Some.Ids.Next<SessionId>(), kept.Message, Cancellation));
    }

    [Fact]
    public async Task What_is_appended_is_read_as_it_was_answered_also_after_a_restart()
    {
        await using var writer = await CreateAsync();
        var first = await writer.AppendAsync(Some.WholeTurn(1), Some.By, Cancellation);
        Clock.Advance(TimeSpan.FromMilliseconds(1.5));
        var second = await writer.AppendAsync(Some.WholeTurn(3), new Cause("api", "key-1"), Cancellation);

        var read = await ReadAllAsync(writer.Session, after: 1);

        Assert.Equal(Some.Texts([.. first, .. second]), Some.Texts(read));
        Assert.Equal(Enumerable.Range(2, read.Count).Select(n => (long)n), read.Select(e => e.Seq));
        Assert.Equal(writer.LastSeq, read[^1].Seq);
        var row = Some.Text(await Store.FindAsync(writer.Session, Cancellation));

        await writer.DisposeAsync();
        await ReopenAsync();

        Assert.Equal(Some.Texts(read), Some.Texts(await ReadAllAsync(writer.Session, after: 1)));
        Assert.Equal(row, Some.Text(await Store.FindAsync(writer.Session, Cancellation)));
    }

    [Fact]
    public async Task A_batch_is_marked_as_one_and_dated_to_the_millisecond()
    {
        await using var writer = await CreateAsync();
        Clock.Advance(TimeSpan.FromTicks(12_345_678));

        var batch = await writer.AppendAsync([Some.Titled("a"), Some.Titled("b"), Some.Titled("c")], null, Cancellation);

        Assert.Equal([true, true, false], batch.Select(e => e.More));
        Assert.All(batch, e => Assert.Equal(0, e.At.Ticks % TimeSpan.TicksPerMillisecond));
        Assert.All(batch, e => Assert.Equal(Clock.GetUtcNow().AddTicks(-(Clock.GetUtcNow().Ticks % TimeSpan.TicksPerMillisecond)), e.At));
    }

    [Theory]
    [InlineData("nul \0 in it", "nul \uFFFD in it")]
    [InlineData("half <high> a swan", "half \uFFFD a swan")]
    [InlineData("other <low> half", "other \uFFFD half")]
    [InlineData("a whole 🦢", "a whole 🦢")]
    public async Task What_is_answered_is_the_text_as_it_was_made_safe(string text, string safe)
    {
        await using var writer = await CreateAsync();

        // Metadata is UTF-8: a half of a pair cannot stand in an attribute.
        text = text.Replace("<high>", "\ud83e", StringComparison.Ordinal).Replace("<low>", "\udda2", StringComparison.Ordinal);
        var answered = await writer.AppendAsync([Some.Titled(text)], null, Cancellation);

        Assert.Equal(Some.Titled(safe), answered[0].Body);
        Assert.Equal(answered[0], (await ReadAllAsync(writer.Session))[^1]);
        Assert.Equal(safe, (await Store.FindAsync(writer.Session, Cancellation))!.Title);
    }

    [Fact]
    public async Task A_reader_goes_on_after_any_sequence_and_back_before_any()
    {
        await using var writer = await CreateAsync();
        await AppendManyAsync(writer, 700);
        await writer.AppendAsync([Some.Titled(new string('y', 300_000))], null, Cancellation);
        await AppendManyAsync(writer, 700);
        var all = await ReadAllAsync(writer.Session);
        Assert.Equal(1402, all.Count);

        foreach (var place in (long[])[0, 1, 2, 350, 699, 700, 701, 702, 703, 1000, 1401, 1402])
        {
            Assert.Equal(all.Where(e => e.Seq > place), await ReadAllAsync(writer.Session, place));
            Assert.Equal(all.Where(e => e.Seq < place).Reverse(), await ReadBackAllAsync(writer.Session, place));
        }

        Assert.Equal(all.Reverse(), await ReadBackAllAsync(writer.Session));
        await ReopenAsync();
        Assert.Equal(all.Where(e => e.Seq > 640), await ReadAllAsync(writer.Session, 640));
        Assert.Equal(all.Where(e => e.Seq < 640).Reverse(), await ReadBackAllAsync(writer.Session, 640));
    }

    [Fact]
    public async Task A_cursor_beyond_the_end_is_an_error_that_names_the_last_sequence()
    {
        await using var writer = await CreateAsync();

        var reading = await Assert.ThrowsAsync<CursorAheadException>(() => ReadAllAsync(writer.Session, after: 9));
        var waiting = await Assert.ThrowsAsync<CursorAheadException>(() => Store.WaitForChangeAsync(writer.Session, after: 9, Cancellation));

        Assert.Equal((9, 1), (reading.After, reading.Last));
        Assert.Equal((9, 1), (waiting.After, waiting.Last));
    }

    [Fact]
    public async Task A_session_that_is_not_there_is_named_as_missing()
    {
        var missing = Some.Ids.Next<SessionId>();

        Assert.Null(await Store.FindAsync(missing, Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(() => ReadAllAsync(missing));
        await Assert.ThrowsAsync<SessionNotFoundException>(() => ReadBackAllAsync(missing));
        await Assert.ThrowsAsync<SessionNotFoundException>(() => Store.WaitForChangeAsync(missing, 0, Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(async () => await Store.OpenWriterAsync(missing, Cancellation));
    }

    [Fact]
    public async Task One_of_many_that_make_the_same_session_succeeds()
    {
        var session = Some.Ids.Next<SessionId>();

        var attempts = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return await Store.CreateAsync(session, [Some.Created()], null, Cancellation);
            }
            catch (SessionExistsException)
            {
                return null;
            }
        }));

        await using var writer = Assert.Single(attempts.OfType<ISessionWriter>());
        Assert.Single(await ReadAllAsync(session));
        await Assert.ThrowsAsync<SessionExistsException>(async () => await Store.CreateAsync(session, [Some.Created()], null, Cancellation));
    }

    [Fact]
    public async Task Appends_that_overlap_stand_in_the_order_they_were_made()
    {
        await using var writer = await CreateAsync();

        await AppendManyAsync(writer, 500, length: 1);

        var titles = (await ReadAllAsync(writer.Session, after: 1)).Select(e => ((SessionTitled)e.Body).Title);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i} x"), titles);
    }

    [Fact]
    public async Task A_gap_or_nothing_is_not_appended()
    {
        await using var writer = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([], null, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([Some.Titled("a"), new Gap(1, 2, "f", 0, 0)], null, Cancellation));

        Assert.Equal(2, (await writer.AppendAsync([Some.Titled("b")], null, Cancellation))[0].Seq);
    }

    [Fact]
    public async Task A_new_writer_fences_the_one_before()
    {
        await using var old = await CreateAsync();
        var called = old.AppendAsync([Some.Titled("still mine")], null, Cancellation).AsTask();

        await using var taken = await Store.OpenWriterAsync(old.Session, Cancellation);

        Assert.True(taken.Fence > old.Fence);
        Assert.Equal(2, (await called)[0].Seq);
        await Assert.ThrowsAsync<FencedException>(async () => await old.AppendAsync([Some.Titled("no longer")], null, Cancellation));
        await old.DisposeAsync();
        Assert.Equal(3, (await taken.AppendAsync([Some.Titled("now mine")], null, Cancellation))[0].Seq);
        Assert.Empty(taken.Repairs);
    }

    [Fact]
    public async Task An_append_that_is_cancelled_before_it_is_made_is_not_made()
    {
        await using var writer = await CreateAsync();
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.AppendAsync([Some.Titled("a")], null, cancelled));

        Assert.Equal(1, writer.LastSeq);
    }

    [Fact]
    public async Task Who_waits_is_woken_by_the_next_event()
    {
        await using var writer = await CreateAsync();
        Assert.True(Store.WaitForChangeAsync(writer.Session, after: 0, Cancellation).IsCompletedSuccessfully);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var waiting = Store.WaitForChangeAsync(writer.Session, after: 1, Cancellation);
        var givenUp = Store.WaitForChangeAsync(writer.Session, after: 1, impatient.Token);
        Assert.False(waiting.IsCompleted);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        await writer.AppendAsync([Some.Titled("a")], null, Cancellation);

        await waiting;
        Assert.Single(await ReadAllAsync(writer.Session, after: 1));
    }

    [Fact]
    public async Task A_watcher_is_told_the_newest_state_of_each_session_that_changes()
    {
        await using var quiet = await CreateAsync();
        await using var watcher = Store.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await using var busy = await CreateAsync();
        await AppendManyAsync(busy, 100);
        await using var other = await CreateAsync(Some.Created(title: "other"));

        var seen = new Dictionary<SessionId, long>();
        while (!seen.ContainsKey(other.Session) && await watcher.MoveNextAsync())
            seen[watcher.Current.Id] = watcher.Current.Seq;

        Assert.Equal(new Dictionary<SessionId, long> { [busy.Session] = 101, [other.Session] = 1 }, seen);
        var next = watcher.MoveNextAsync();
        Assert.False(next.IsCompleted);
        await quiet.AppendAsync([Some.Titled("not so quiet")], null, Cancellation);
        Assert.True(await next);
        Assert.Equal("not so quiet", watcher.Current.Title);
    }

    [Fact]
    public async Task A_session_is_found_by_the_key_that_made_it_also_after_a_restart()
    {
        await using var writer = await CreateAsync(key: "once-only");

        Assert.Equal(writer.Session, (await Store.FindByKeyAsync("once-only", Cancellation))!.Id);
        Assert.Null(await Store.FindByKeyAsync("another", Cancellation));

        await ReopenAsync();
        Assert.Equal(writer.Session, (await Store.FindByKeyAsync("once-only", Cancellation))!.Id);
    }

    [Fact]
    public async Task A_session_whose_writer_was_not_closed_is_abandoned_until_it_is_taken_over()
    {
        await using var left = await CreateAsync();
        await using var live = await CreateAsync();
        await live.AppendAsync([Some.Turn()], null, Cancellation);
        var closed = await CreateAsync();
        await closed.DisposeAsync();

        await ReopenAsync();
        Assert.Equal([left.Session, live.Session], await Store.FindAbandonedAsync(Cancellation));

        await using (await Store.OpenWriterAsync(left.Session, Cancellation))
            Assert.Equal([live.Session], await Store.FindAbandonedAsync(Cancellation));
        await ReopenAsync();
        Assert.Equal([live.Session], await Store.FindAbandonedAsync(Cancellation));
    }
}
