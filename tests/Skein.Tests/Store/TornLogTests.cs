using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class TornLogTests : EmbeddedTests
{
    [Fact]
    public async Task A_log_cut_at_any_byte_of_its_last_record_keeps_all_before_it()
    {
        var session = await MakeAsync([Some.Titled("kept")], [Some.Titled("cut 🦢")]);
        var whole = await File.ReadAllBytesAsync(LogOf(session), Cancellation);

        await CutEverywhereAsync(session, whole, LineStarts(whole)[2], committed: 2);
    }

    [Fact]
    public async Task A_log_cut_at_any_byte_of_its_last_batch_loses_the_whole_batch()
    {
        var session = await MakeAsync([Some.Titled("kept")], [Some.Titled("a"), Some.Titled("b"), Some.Titled("c")]);
        var whole = await File.ReadAllBytesAsync(LogOf(session), Cancellation);

        await CutEverywhereAsync(session, whole, LineStarts(whole)[2], committed: 2);
    }

    private async Task CutEverywhereAsync(SessionId session, byte[] whole, int from, int committed)
    {
        var lines = LineStarts(whole).Count - 1;
        for (var cut = from; cut < whole.Length; cut += cut + Rounds.Step < whole.Length ? Rounds.Step : 1)
        {
            await File.WriteAllBytesAsync(LogOf(session), whole[..cut], Cancellation);
            foreach (var aside in Directory.GetFiles(Home, "*.torn-*", SearchOption.AllDirectories))
                File.Delete(aside);
            var lacksOnlyItsLineEnd = cut == whole.Length - 1;

            await using (var store = await OpenAsync())
            {
                // Readers see no torn end, and do not touch it.
                Assert.Equal(committed, (await ReadAsync(store, session)).Count);
                Assert.Equal(committed, (await store.FindAsync(session, Cancellation))!.Seq);
                Assert.Equal(committed, (await ReadBackAsync(store, session)).Count);
                Assert.Equal(cut, new FileInfo(LogOf(session)).Length);

                await using var writer = await store.OpenWriterAsync(session, Cancellation);
                var kept = lacksOnlyItsLineEnd ? lines : committed;
                Assert.Equal(lacksOnlyItsLineEnd ? ["newline"] : cut == from ? [] : ["torn"], writer.Repairs.Select(r => r.Kind));
                Assert.Equal(kept, writer.LastSeq);
                Assert.Equal(kept + 1, (await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq);
                Assert.Equal(Enumerable.Range(1, kept + 1).Select(n => (long)n), (await ReadAsync(store, session)).Select(e => e.Seq));
            }

            var asides = Directory.GetFiles(Home, "*.torn-*", SearchOption.AllDirectories);
            if (cut == from || lacksOnlyItsLineEnd)
                Assert.Empty(asides);
            else
                Assert.Equal(whole[from..cut], await File.ReadAllBytesAsync(Assert.Single(asides), Cancellation));
        }
    }

    [Fact]
    public async Task A_line_end_that_became_another_byte_costs_no_event()
    {
        var session = await MakeAsync([Some.Titled("kept")]);
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        bytes[^1] = 0x0B;
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);

        await using var store = await OpenAsync();
        await using var writer = await store.OpenWriterAsync(session, Cancellation);

        Assert.Equal(["torn", "newline"], writer.Repairs.Select(r => r.Kind));
        Assert.Equal(2, writer.LastSeq);
        Assert.Equal("kept", (await store.FindAsync(session, Cancellation))!.Title);
    }

    [Fact]
    public async Task A_log_of_which_only_a_torn_line_is_left_is_named_as_damaged_not_as_missing()
    {
        var other = await MakeAsync();
        var session = await MakeAsync();
        await File.WriteAllTextAsync(LogOf(session), "{\"v\":1,\"sess", Cancellation);

        await using var store = await OpenAsync();

        await Assert.ThrowsAsync<DamagedException>(async () => await store.FindAsync(session, Cancellation));
        await Assert.ThrowsAsync<DamagedException>(async () => await store.OpenWriterAsync(session, Cancellation));
        await Assert.ThrowsAsync<SessionExistsException>(async () => await store.CreateAsync(session, [Some.Created()], null, Cancellation));
        Assert.Equal([other], (await store.ListAsync(new SessionQuery(), Cancellation)).Items.Select(s => s.Id));
        Assert.Equal(LogOf(session), Assert.Single(store.Damaged).Path);
    }

    [Fact]
    public async Task Repairs_are_told_once()
    {
        var session = await MakeAsync([Some.Titled("kept")]);
        await File.AppendAllTextAsync(LogOf(session), "{\"seq\":3,", Cancellation);

        await using (var store = await OpenAsync())
        {
            await using (var first = await store.OpenWriterAsync(session, Cancellation))
                Assert.Single(first.Repairs);
            await using var second = await store.OpenWriterAsync(session, Cancellation);
            Assert.Empty(second.Repairs);
        }

        await using var again = await OpenAsync();
        await using var third = await again.OpenWriterAsync(session, Cancellation);
        Assert.Empty(third.Repairs);
    }
}
