using System.Buffers;
using System.Diagnostics;
using System.Text;
using Skein.Core.Events;
using Skein.Core;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class DamagedLogTests : EmbeddedTests
{
    private readonly IReadOnlyList<EventBody>[] _batches =
        [[Some.Titled("two")], [Some.Titled("three"), Some.Titled("four")], [Some.Titled("five")], [Some.Titled("six")]];

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_bit_flipped_anywhere_in_a_line_loses_that_line_and_says_so(int line)
    {
        var session = await MakeAsync(_batches);
        var path = LogOf(session);
        var whole = await File.ReadAllBytesAsync(path, Cancellation);
        var (start, end) = (LineStarts(whole)[line - 1], LineStarts(whole)[line] - 1);
        IReadOnlyList<SessionEvent> before;
        await using (var store = await OpenAsync())
            before = await ReadAsync(store, session);

        for (var bit = start * 8; bit < end * 8; bit += Rounds.Step)
        {
            var bytes = whole.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(path, bytes, Cancellation);

            // A new line end makes two pieces of a line; both are damage, and at the end of a log each might have been an event.
            var lost = bytes[bit / 8] == '\n' && line == 6 ? 2 : 1;
            var gap = new Gap(line, line - 1 + lost, SessionLog.NameOf(session), start, end + 1 - start);
            await using var store = await OpenAsync();
            var read = await ReadAsync(store, session);
            Assert.Equal(
                Some.Texts([.. before.Where(e => e.Seq < line), EventReader.Missing(gap, session), .. before.Where(e => e.Seq > line)]),
                Some.Texts(read));
            if (bit % 8 != 0)
                continue;

            Assert.Equal(Some.Texts(read.Reverse()), Some.Texts(await ReadBackAsync(store, session)));
            Assert.Equal([gap], (await store.FindAsync(session, Cancellation))!.Damage);
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            Assert.Equal(["damage"], writer.Repairs.Select(r => r.Kind));
            Assert.Equal(line == 6 ? 7 + lost - 1 : 7, (await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq);
        }
    }

    [Fact]
    public async Task Neighbouring_damaged_lines_are_one_gap()
    {
        var session = await MakeAsync(_batches);
        await FlipAsync(session, 3, 4, 5);

        await using var store = await OpenAsync();
        var read = await ReadAsync(store, session);

        Assert.Equal([1, 2, 5, 6], read.Select(e => e.Seq));
        Assert.Equal((3, 5), (((Gap)read[2].Body).From, ((Gap)read[2].Body).To));
        Assert.Equal(Some.Texts(read.Reverse()), Some.Texts(await ReadBackAsync(store, session)));
        Assert.Equal(Some.Texts(read.Skip(2)), Some.Texts(await ReadAsync(store, session, after: 3)));
        Assert.Equal(Some.Texts(read.Skip(3)), Some.Texts(await ReadAsync(store, session, after: 5)));
    }

    [Fact]
    public async Task A_lost_line_end_does_not_make_a_sequence_free_again()
    {
        var session = await MakeAsync(_batches);
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        bytes[LineStarts(bytes)[5] - 1] = (byte)' ';
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);

        await using var store = await OpenAsync();
        await using var writer = await store.OpenWriterAsync(session, Cancellation);

        Assert.Equal((5, 6), ((await store.FindAsync(session, Cancellation))!.Damage[0] is var gap) ? (gap.From, gap.To) : default);
        Assert.Equal(7, (await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq);
    }

    [Fact]
    public async Task A_block_of_zeros_at_the_end_takes_as_many_sequences_as_may_have_stood_there()
    {
        var session = await MakeAsync(_batches);
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        bytes.AsSpan(LineStarts(bytes)[2]..^10).Clear();
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);

        await using var store = await OpenAsync();
        await using var writer = await store.OpenWriterAsync(session, Cancellation);

        Assert.True((await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq > 6);
        Assert.Equal(["two", "after"], (await ReadAsync(store, session)).Select(e => e.Body).OfType<SessionTitled>().Select(t => t.Title));
    }

    [Fact]
    public async Task Damage_is_told_in_the_log_once_and_stays_in_the_session()
    {
        var session = await MakeAsync(_batches);
        await FlipAsync(session, 4);
        IReadOnlyList<Gap> damage;
        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            await writer.AppendAsync([new SessionRepaired(writer.Repairs)], null, Cancellation);
            damage = (await store.FindAsync(session, Cancellation))!.Damage;
        }

        await using (var again = await OpenAsync())
        {
            await using var writer = await again.OpenWriterAsync(session, Cancellation);
            Assert.Empty(writer.Repairs);
            Assert.Equal(damage, (await again.FindAsync(session, Cancellation))!.Damage);
        }

        await FlipAsync(session, 2);
        await using var third = await OpenAsync();
        await using var last = await third.OpenWriterAsync(session, Cancellation);
        Assert.Contains("Event 2 was lost", Assert.Single(last.Repairs).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_whose_first_line_is_damaged_is_named_and_the_others_are_listed()
    {
        var (session, other) = (await MakeAsync(_batches), await MakeAsync(_batches));
        await FlipAsync(session, 1);

        await using var store = await OpenAsync();

        await Assert.ThrowsAsync<DamagedException>(async () => await store.FindAsync(session, Cancellation));
        await Assert.ThrowsAsync<DamagedException>(async () => await store.OpenWriterAsync(session, Cancellation));
        var page = await store.ListAsync(new SessionQuery(), Cancellation);
        Assert.Equal([other], page.Items.Select(s => s.Id));
        Assert.Equal(1, page.Unread);
        var read = await ReadAsync(store, session);
        Assert.Equal([1, 2, 3, 4, 5, 6], read.Select(e => e.Seq));
        Assert.IsType<Gap>(read[0].Body);
        Assert.Equal(Some.Texts(read.Reverse()), Some.Texts(await ReadBackAsync(store, session)));
        Assert.Contains("first line", Assert.Single(store.Damaged).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_of_a_later_version_or_of_another_session_is_refused_by_that_reason()
    {
        var (newer, misnamed) = (await MakeAsync(), Some.Ids.Next<SessionId>());
        File.Copy(LogOf(newer), LogOf(misnamed));
        var line = (await File.ReadAllTextAsync(LogOf(newer), Cancellation)).Replace("{\"v\":1,", "{\"v\":2,", StringComparison.Ordinal);
        var sealedLine = new ArrayBufferWriter<byte>();
        LogLine.Seal(Encoding.UTF8.GetBytes(line[..line.LastIndexOf(",\"crc\"", StringComparison.Ordinal)] + "}"), sealedLine);
        await File.WriteAllBytesAsync(LogOf(newer), sealedLine.WrittenSpan.ToArray(), Cancellation);

        await using var store = await OpenAsync();

        var version = await Assert.ThrowsAsync<DamagedException>(async () => await store.FindAsync(newer, Cancellation));
        var identity = await Assert.ThrowsAsync<DamagedException>(async () => await store.FindAsync(misnamed, Cancellation));
        Assert.Contains("version 2", version.Message, StringComparison.Ordinal);
        Assert.Contains($"the log of {newer}", identity.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DamagedException>(() => ReadAsync(store, newer));
    }

    [Fact]
    public async Task A_fork_shows_the_damage_of_its_origin_only_as_far_as_it_inherits()
    {
        var origin = await MakeAsync(_batches);
        SessionId fork;
        await using (var store = await OpenAsync())
        {
            var row = (await store.FindAsync(origin, Cancellation))!;
            await using var writer = await store.CreateAsync(
                Some.Ids.Next<SessionId>(), [Some.Forked(row, 4, new Segment(origin, 4))], null, Cancellation);
            fork = writer.Session;
        }

        await FlipAsync(origin, 3, 4, 5);
        await using (var store = await OpenAsync())
        {
            var read = await ReadAsync(store, fork);
            Assert.Equal([1, 2, 4, 5], read.Select(e => e.Seq));
            Assert.Equal((3, 4), (((Gap)read[2].Body).From, ((Gap)read[2].Body).To));
            Assert.Equal(Some.Texts(read.Reverse()), Some.Texts(await ReadBackAsync(store, fork)));
        }

        File.Delete(LogOf(origin));
        await using var without = await OpenAsync();
        var rest = await ReadAsync(without, fork);
        Assert.Equal([4, 5], rest.Select(e => e.Seq));
        Assert.Equal((1, 4), (((Gap)rest[0].Body).From, ((Gap)rest[0].Body).To));
        Assert.Equal(Some.Texts(rest.Reverse()), Some.Texts(await ReadBackAsync(without, fork)));
    }

    [Fact]
    public async Task A_file_that_no_session_can_have_is_told()
    {
        var session = await MakeAsync();
        var stray = Path.Combine(Path.GetDirectoryName(LogOf(session))!, "notes.jsonl");
        await File.WriteAllTextAsync(stray, "hello", Cancellation);

        await using var store = await OpenAsync();

        Assert.Equal(stray, Assert.Single(store.Damaged).Path);
        Assert.Single((await store.ListAsync(new SessionQuery(), Cancellation)).Items);
    }

    [Theory]
    [InlineData("a folder")]
    [InlineData("a pipe")]
    [InlineData("a link to nothing")]
    public async Task What_stands_in_the_place_of_a_log_and_is_no_file_is_named_and_the_others_are_served(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It has no such files.");
        var (session, other) = (await MakeAsync(_batches), await MakeAsync(_batches));
        File.Delete(LogOf(session));
        if (kind == "a pipe")
            await Process.Start("mkfifo", [LogOf(session)]).WaitForExitAsync(Cancellation);
        else if (kind == "a folder")
            Directory.CreateDirectory(LogOf(session));
        else
            File.CreateSymbolicLink(LogOf(session), "/nowhere");

        var told = Assert.Single(StoreCheck.Run(Home, null, Cancellation).Findings);
        await using var store = await OpenAsync();
        var blob = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "text/plain", Cancellation);
        File.SetLastWriteTimeUtc(Path.Combine(Home, "blobs", blob.Sha256[..2], blob.Sha256), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var collected = await store.CollectAsync(Cancellation);

        Assert.True(told.IsLoss);
        Assert.Equal(SessionLog.NameOf(session), told.Place);
        Assert.Equal(LogOf(session), Assert.Single(store.Damaged).Path);
        await Assert.ThrowsAsync<DamagedException>(() => ReadAsync(store, session));
        Assert.Equal(6, (await ReadAsync(store, other)).Count);
        Assert.Equal(0, collected.Blobs.Files);
        Assert.Contains(SessionLog.NameOf(session), Assert.Single(collected.Problems), StringComparison.Ordinal);
    }

    private async Task FlipAsync(SessionId session, params int[] lines)
    {
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        var starts = LineStarts(bytes);
        foreach (var line in lines)
            bytes[(starts[line - 1] + starts[line]) / 2] ^= 1;
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);
    }
}
