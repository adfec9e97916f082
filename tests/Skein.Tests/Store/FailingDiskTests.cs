using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class FailingDiskTests : EmbeddedTests
{
    private const string Log = ".jsonl";

    [Theory]
    [InlineData("No space left on device", 0)]
    [InlineData("No space left on device", 40)]
    [InlineData("Input/output error", 100_000)]
    public async Task A_write_that_fails_appends_nothing_and_the_session_goes_on(string error, int tornAfter)
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await writer.AppendAsync([Some.Titled("kept")], null, Cancellation);
        Disk.Fail(DiskCall.Write, "sessions", error, tornAfter: tornAfter);

        var refused = await Assert.ThrowsAsync<StoreStoppedException>(async () => await writer.AppendAsync([Some.Titled("lost"), Some.Titled("too")], null, Cancellation));

        Assert.Contains(error, refused.Message, StringComparison.Ordinal);
        await GoesOnAsync(store, writer);
    }

    [Fact]
    public async Task A_flush_that_fails_appends_nothing_and_the_session_goes_on()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await writer.AppendAsync([Some.Titled("kept")], null, Cancellation);
        Disk.Fail(DiskCall.Flush, "sessions", "Input/output error");

        await Assert.ThrowsAsync<StoreStoppedException>(async () => await writer.AppendAsync([Some.Titled("lost")], null, Cancellation));

        await GoesOnAsync(store, writer);
    }

    private async Task GoesOnAsync(Skein.Store.EmbeddedStore store, ISessionWriter writer)
    {
        Assert.Equal(2, writer.LastSeq);
        Assert.Equal(2, (await ReadAsync(store, writer.Session)).Count);
        Assert.Equal("kept", (await store.FindAsync(writer.Session, Cancellation))!.Title);
        Assert.Equal(3, (await writer.AppendAsync([Some.Titled("again")], null, Cancellation))[0].Seq);
        await writer.DisposeAsync();
        await store.DisposeAsync();

        await using var reopened = await OpenAsync();
        Assert.Equal(["kept", "again"], (await ReadAsync(reopened, writer.Session)).Select(e => e.Body).OfType<SessionTitled>().Select(t => t.Title));
        await using var next = await reopened.OpenWriterAsync(writer.Session, Cancellation);
        Assert.Empty(next.Repairs);
    }

    [Theory]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Flush)]
    public async Task When_the_failure_cannot_be_undone_the_session_stops_until_a_writer_can_be_opened(object failing)
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await writer.AppendAsync([Some.Titled("kept")], null, Cancellation);
        Disk.Fail((DiskCall)failing, "sessions", "Input/output error", times: 100, tornAfter: 1_000);
        Disk.Fail(DiskCall.Truncate, "sessions", "Input/output error", times: 2);

        await Assert.ThrowsAsync<AppendUnknownException>(async () => await writer.AppendAsync([Some.Titled("who knows")], null, Cancellation));
        await Assert.ThrowsAsync<StoreStoppedException>(async () => await writer.AppendAsync([Some.Titled("no")], null, Cancellation));
        Assert.Equal("kept", (await store.FindAsync(writer.Session, Cancellation))!.Title);
        Assert.Equal(2, (await ReadAsync(store, writer.Session)).Count);
        await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.OpenWriterAsync(writer.Session, Cancellation));

        Disk.Heal();
        await using var taken = await store.OpenWriterAsync(writer.Session, Cancellation);
        Assert.Equal(2, taken.LastSeq);
        Assert.Equal(3, (await taken.AppendAsync([Some.Titled("again")], null, Cancellation))[0].Seq);
        await store.DisposeAsync();
        await using var reopened = await OpenAsync();
        Assert.Equal(["kept", "again"], (await ReadAsync(reopened, writer.Session)).Select(e => e.Body).OfType<SessionTitled>().Select(t => t.Title));
    }

    [Fact]
    public async Task What_gathered_behind_a_failed_append_is_not_appended_either()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var reached = Disk.HoldFlush(Log);
        var first = writer.AppendAsync([Some.Titled("first")], null, Cancellation).AsTask();
        await reached;
        var behind = Enumerable.Range(0, 5).Select(i => writer.AppendAsync([Some.Titled($"behind {i}")], null, Cancellation).AsTask()).ToArray();
        Disk.Fail(DiskCall.Flush, "sessions");

        Disk.Release();

        await Assert.ThrowsAsync<StoreStoppedException>(() => first);
        foreach (var one in behind)
            await Assert.ThrowsAsync<StoreStoppedException>(() => one);
        Assert.Equal(2, (await writer.AppendAsync([Some.Titled("again")], null, Cancellation))[0].Seq);
    }

    [Fact]
    public async Task One_flush_serves_all_that_wait_and_readers_see_nothing_before_it()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var reached = Disk.HoldFlush(Log);
        var first = writer.AppendAsync([Some.Titled("first")], null, Cancellation).AsTask();
        await reached;
        var behind = Enumerable.Range(0, 20).Select(i => writer.AppendAsync([Some.Titled($"{i}")], null, Cancellation).AsTask()).ToArray();
        Assert.Single(await ReadAsync(store, writer.Session));
        var before = Disk.Count(DiskCall.Flush, $"{writer.Session}{Log}");

        Disk.Release();
        await Task.WhenAll([first, .. behind]);

        Assert.Equal(before + 2, Disk.Count(DiskCall.Flush, $"{writer.Session}{Log}"));
        Assert.Equal(22, (await ReadAsync(store, writer.Session)).Count);
    }

    [Theory]
    [InlineData(DiskCall.Create)]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Flush)]
    [InlineData(DiskCall.Rename)]
    [InlineData(DiskCall.FlushFolder)]
    public async Task A_session_that_cannot_be_made_is_not_there_and_can_be_made_later(object failing)
    {
        var session = Some.Ids.Next<SessionId>();
        await using var store = await OpenAsync();
        Disk.Fail((DiskCall)failing, "sessions");

        await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.CreateAsync(session, [Some.Created()], null, Cancellation));

        Assert.Null(await store.FindAsync(session, Cancellation));
        Assert.Empty(Directory.GetFiles(Path.Combine(Home, "sessions"), "*", SearchOption.AllDirectories));
        await using var writer = await store.CreateAsync(session, [Some.Created()], null, Cancellation);
        Assert.Single(await ReadAsync(store, session));
    }

    [Theory]
    [InlineData(DiskCall.Create)]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Flush)]
    [InlineData(DiskCall.Rename)]
    [InlineData(DiskCall.FlushFolder)]
    public async Task A_blob_that_cannot_be_stored_leaves_nothing_and_can_be_stored_later(object failing)
    {
        await using var store = await OpenAsync();
        Disk.Fail((DiskCall)failing, "blobs");

        await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation));

        Assert.Empty(Directory.GetFiles(Path.Combine(Home, "blobs"), ".incoming*", SearchOption.AllDirectories));
        var blob = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);
        await using var found = await store.FindBlobAsync(blob.Sha256, Cancellation);
        Assert.Equal(3, found!.Length);
    }

    [Fact]
    public async Task Content_that_became_other_bytes_on_the_disk_is_not_handed_out_and_is_right_again_once_it_is_stored_again()
    {
        await using var store = await OpenAsync();
        var content = Enumerable.Range(0, 200_000).Select(n => (byte)n).ToArray();
        var blob = await store.PutBlobAsync(new MemoryStream(content), "text/plain", Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(Home, "blobs", blob.Sha256[..2], blob.Sha256), [.. content[..^1], 7], Cancellation);

        var damaged = await Assert.ThrowsAsync<DamagedException>(async () => await store.FindBlobAsync(blob.Sha256, Cancellation));
        await store.PutBlobAsync(new MemoryStream(content), "text/plain", Cancellation);

        Assert.Contains($"Blob {blob.Sha256} is damaged", damaged.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(Home, "blobs", blob.Sha256[..2], blob.Sha256), Cancellation));
    }

    [Fact]
    public async Task A_log_that_the_disk_does_not_give_is_named_as_damaged()
    {
        var session = await MakeAsync([Some.Titled("a")]);
        await using var store = await OpenAsync();
        Disk.Fail(DiskCall.Read, "sessions", "Input/output error", times: 100);

        var error = await Assert.ThrowsAsync<DamagedException>(() => ReadAsync(store, session));

        Assert.Contains("Input/output error", error.Message, StringComparison.Ordinal);
        Disk.Heal();
        Assert.Equal(2, (await ReadAsync(store, session)).Count);
    }

    [Fact]
    public async Task A_log_whose_tail_cannot_be_flushed_is_not_served()
    {
        var session = await MakeAsync([Some.Titled("a")]);
        await using var store = await OpenAsync();
        Disk.Fail(DiskCall.Flush, "sessions", "Input/output error");

        await Assert.ThrowsAsync<DamagedException>(() => ReadAsync(store, session));

        Assert.Equal(2, (await ReadAsync(store, session)).Count);
    }

    [Fact]
    public async Task A_new_file_is_on_the_disk_with_its_name_and_the_folders_above()
    {
        await using var store = await OpenAsync();
        var before = Disk.Count(DiskCall.FlushFolder, "/sessions");
        await using var writer = await CreateAsync(store);

        Assert.Equal(before + 1, Disk.Count(DiskCall.FlushFolder, "/sessions"));
        Assert.Equal(1, Disk.Count(DiskCall.FlushFolder, Path.GetDirectoryName(LogOf(writer.Session))!));
        Assert.Equal(1, Disk.Count(DiskCall.Flush, ".jsonl.new"));
    }

    [Fact]
    public async Task Relaxed_durability_flushes_no_append()
    {
        await using var store = await OpenAsync(Skein.Store.Durability.Relaxed);
        await using var writer = await CreateAsync(store);

        await writer.AppendAsync([Some.Titled("a")], null, Cancellation);

        Assert.Equal(0, Disk.Count(DiskCall.Flush, Log) + Disk.Count(DiskCall.Flush, ".new"));
        Assert.Equal(2, (await ReadAsync(store, writer.Session)).Count);
    }

    [Fact]
    public async Task A_catalog_that_cannot_be_written_is_told_and_stops_nobody()
    {
        await using (var store = await OpenAsync())
        {
            Disk.Fail(DiskCall.Write, "catalog", times: 100);
            await using var writer = await CreateAsync(store);
            await writer.AppendAsync([Some.Titled("kept")], null, Cancellation);
            Assert.Contains("catalog", Assert.Single(store.Damaged).Reason, StringComparison.Ordinal);
        }

        Disk.Heal();
        await using var again = await OpenAsync();
        Assert.Equal("kept", Assert.Single((await again.ListAsync(new SessionQuery(), Cancellation)).Items).Title);
        Assert.Empty(again.Damaged);
    }
}
