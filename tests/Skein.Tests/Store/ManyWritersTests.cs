using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class ManyWritersTests : EmbeddedTests
{
    [Fact]
    public async Task Callers_that_each_wait_for_their_append_all_find_it_once_and_in_their_order()
    {
        const int callers = 8;
        const int each = 1_000;
        await using var store = await OpenAsync(Durability.Relaxed);
        await using var writer = await CreateAsync(store);

        var answered = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(
            async () =>
            {
                var mine = new List<SessionEvent>();
                for (var i = 0; i < each; i++)
                    mine.AddRange(await writer.AppendAsync([Some.Titled($"{caller}:{i}")], null, Cancellation));
                return mine;
            },
            Cancellation)));

        var read = await ReadAsync(store, writer.Session, after: 1);
        Assert.Equal(Enumerable.Range(2, callers * each).Select(n => (long)n), read.Select(e => e.Seq));
        Assert.Equal(answered.SelectMany(mine => mine).OrderBy(e => e.Seq), read);
        Assert.All(answered, mine => Assert.Equal(mine.OrderBy(e => e.Seq), mine));
    }

    [Fact]
    public async Task A_follower_that_reads_when_it_is_woken_misses_nothing_and_sees_nothing_twice()
    {
        const int count = 2_000;
        await using var store = await OpenAsync(Durability.Relaxed);
        await using var writer = await CreateAsync(store);
        var following = Task.Run(
            async () =>
            {
                var seen = new List<long>();
                for (var after = 0L; after <= count; await store.WaitForChangeAsync(writer.Session, after, Cancellation))
                {
                    await foreach (var e in store.ReadAsync(writer.Session, after, Cancellation))
                        seen.Add(after = e.Seq);
                    if (after == count + 1)
                        break;
                }

                return seen;
            },
            Cancellation);

        for (var i = 0; i < count; i++)
            await writer.AppendAsync([Some.Titled($"{i}")], null, Cancellation);

        Assert.Equal(Enumerable.Range(1, count + 1).Select(n => (long)n), await following);
    }

    [Fact]
    public async Task Readers_that_the_disk_keeps_waiting_hold_up_no_append_no_other_reader_and_no_new_session()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await using var other = await CreateAsync(store);
        var reached = Disk.Hold(DiskCall.Read, writer.Session.Value);
        Task[] readers =
        [
            Task.Run(() => ReadAsync(store, writer.Session), Cancellation),
            Task.Run(() => ReadBackAsync(store, writer.Session), Cancellation),
            Task.Run(async () => await store.SearchAsync(new SearchQuery("needle"), Cancellation).ToListAsync(Cancellation), Cancellation),
        ];
        await reached;

        for (var i = 2; i < 50; i++)
            Assert.Equal(i, (await writer.AppendAsync([Some.Titled($"{i}")], null, Cancellation))[0].Seq);
        await using (var taken = await store.OpenWriterAsync(writer.Session, Cancellation))
            await taken.AppendAsync([Some.Titled("taken")], null, Cancellation);
        await other.AppendAsync([Some.Titled("other")], null, Cancellation);
        await (await CreateAsync(store)).DisposeAsync();
        Assert.Equal(2, (await ReadAsync(store, other.Session)).Count);
        Assert.Equal(3, (await store.ListAsync(new SessionQuery(), Cancellation)).Items.Count);
        Assert.All(readers, r => Assert.False(r.IsCompleted));

        Disk.Release();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task An_append_that_the_disk_keeps_waiting_holds_up_no_other_session_and_one_flush_serves_all_who_come_meanwhile()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await using var other = await CreateAsync(store);
        var flushes = Disk.Count(DiskCall.Flush, LogOf(writer.Session));
        var reached = Disk.HoldFlush(writer.Session.Value);
        var first = OfPool(writer);
        await reached;

        var behind = Enumerable.Range(0, 100).Select(_ => AppendAsync(writer)).ToList();
        for (var i = 0; i < 20; i++)
            Assert.Equal(2 + i, (await OfPool(other))[0].Seq);
        Assert.False(first.IsCompleted);
        Disk.Release();
        await first;
        await Task.WhenAll(behind);

        Assert.Equal(102, writer.LastSeq);
        Assert.Equal(flushes + 2, Disk.Count(DiskCall.Flush, LogOf(writer.Session)));

        // As a server calls it: on a thread of the pool, which it leaves to wait.
        static Task<IReadOnlyList<SessionEvent>> OfPool(ISessionWriter writer) => Task.Run(() => AppendAsync(writer), Cancellation);

        static Task<IReadOnlyList<SessionEvent>> AppendAsync(ISessionWriter writer) => writer.AppendAsync([Some.Titled("honk")], null, Cancellation).AsTask();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_last_of_many_whose_appends_were_flushed_side_by_side_may_close_the_store()
    {
        var store = await OpenAsync();
        var writers = new List<ISessionWriter>();
        for (var i = 0; i < 64; i++)
            writers.Add(await CreateAsync(store));
        var reached = Disk.HoldFlush(SessionLog.Extension);
        var left = writers.Count;

        // As a server does: what goes on there is bound to no thread.
        var appends = await Task.Run(() => writers.ConvertAll(AppendAsync), Cancellation);
        await reached;
        Disk.Release();
        await Task.WhenAll(appends).WaitAsync(Cancellation);

        await using var again = await OpenAsync();
        foreach (var writer in writers)
            Assert.Equal(2, (await ReadAsync(again, writer.Session)).Count);

        async Task AppendAsync(ISessionWriter writer)
        {
            await writer.AppendAsync([Some.Titled("honk")], null, Cancellation);
            if (Interlocked.Decrement(ref left) == 0)
                await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Writers_that_take_a_session_from_each_other_never_write_over_each_other()
    {
        await using var store = await OpenAsync(Durability.Relaxed);
        await using var first = await CreateAsync(store);

        var appended = await Task.WhenAll(Enumerable.Range(0, 6).Select(taker => Task.Run(
            async () =>
            {
                var mine = new List<SessionEvent>();
                for (var i = 0; i < 30; i++)
                {
                    var writer = await store.OpenWriterAsync(first.Session, Cancellation);
                    try
                    {
                        mine.AddRange(await writer.AppendAsync([Some.Titled($"{taker}:{i}a"), Some.Titled($"{taker}:{i}b")], null, Cancellation));
                    }
                    catch (FencedException)
                    {
                        // Another was faster: nothing of it may be in the log.
                    }

                    await writer.DisposeAsync();
                }

                return mine;
            },
            Cancellation)));

        Assert.Equal(appended.SelectMany(mine => mine).OrderBy(e => e.Seq), await ReadAsync(store, first.Session, after: 1));
    }
}
