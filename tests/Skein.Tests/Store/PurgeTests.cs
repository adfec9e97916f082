using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>What the embedded store does to its files when it deletes, and what is there when it is ended in between.</summary>
public sealed class PurgeTests : EmbeddedTests
{
    private const string Secret = "correct horse battery staple";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_purge_that_is_ended_at_any_call_of_the_disk_leaves_the_session_whole_or_purged(bool isForked)
    {
        var (session, fork, before) = await MakeAsync(isForked);
        var origin = Path.ChangeExtension(LogOf(session), SessionLog.OriginExtension);
        var (wholeOnes, purgedOnes) = (0, 0);
        for (var calls = 0; ; calls++)
        {
            using var copy = new TempFolder();
            Copy(Home, copy.Path);
            var disk = new FaultyDisk();
            await using (var store = await EmbeddedStore.OpenAsync(copy.Path, new EmbeddedStoreOptions(), TimeProvider.System, disk, Cancellation))
            {
                disk.DieAfter(calls);
                var refused = await Record.ExceptionAsync(async () => await store.PurgeAsync(session, Cancellation));
                if (!disk.IsDead)
                {
                    Assert.Null(refused);
                    break;
                }

                // Looking at the log flushes it first.
                Assert.True(refused is StoreStoppedException or DamagedException, refused?.ToString());
                using var after = new TempFolder();
                Copy(copy.Path, after.Path);
                var isWhole = await AssertWholeOrPurgedAsync(after.Path, refused!.Message);
                (wholeOnes, purgedOnes) = (wholeOnes + (isWhole ? 1 : 0), purgedOnes + (isWhole ? 0 : 1));

                // The process that was refused goes on when the disk works again.
                disk.Heal();
                await AssertForkAsync(store);
                if (await store.FindAsync(session, Cancellation) is not null)
                    await store.PurgeAsync(session, Cancellation);
                await AssertForkAsync(store);
            }

            Assert.False(await AssertWholeOrPurgedAsync(copy.Path, ""));
        }

        Assert.True(wholeOnes >= (isForked ? 7 : 2) && purgedOnes >= 1, $"{wholeOnes} whole, {purgedOnes} purged");

        async Task<bool> AssertWholeOrPurgedAsync(string home, string told)
        {
            await using var reopened = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, Cancellation);
            Assert.Empty(reopened.Damaged);
            await AssertForkAsync(reopened);
            var row = await reopened.FindAsync(session, Cancellation);
            Assert.Equal(row is null && isForked, File.Exists(origin.Replace(Home, home, StringComparison.Ordinal)));
            if (told.Length > 0)
                Assert.Equal(row is null, told.Contains("was purged", StringComparison.Ordinal));
            if (row is not null)
                Assert.Equal((before.Count, true), ((await ReadAsync(reopened, session)).Count, row.TrashedAt is not null));
            Assert.Empty(Directory.GetFiles(home, "*.new", SearchOption.AllDirectories));
            return row is not null;
        }

        async Task AssertForkAsync(EmbeddedStore store)
        {
            if (fork is { } known)
                Assert.Equal(Some.Texts(before.Take(4)), Some.Texts((await ReadAsync(store, known)).Take(4)));
        }
    }

    [Fact]
    public async Task A_collection_that_is_ended_at_any_call_of_the_disk_loses_nothing_and_the_next_one_ends_it()
    {
        var (session, fork, before) = await MakeAsync(isForked: true);
        BlobRef named;
        await using (var store = await OpenAsync())
        {
            named = await store.PutBlobAsync(new MemoryStream([9, 9]), "image/png", Cancellation);
            await using (var writer = await store.OpenWriterAsync(fork!.Value, Cancellation))
                await writer.AppendAsync([Some.Message("a") with { Parts = [new MessagePart(Some.Ids.Next<PartId>(), new FilePart("image/png", "a.png", named))] }], null, Cancellation);
            await store.PurgeAsync(session, Cancellation);
            foreach (var content in (byte[])[1, 2, 3])
                await PutOldAsync(store, content);
            File.SetLastWriteTimeUtc(Path.Combine(Home, "blobs", named.Sha256[..2], named.Sha256), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-2));
            var unneeded = await MakeInAsync(store);
            var row = (await store.FindAsync(unneeded, Cancellation))!;
            var gone = Some.Ids.Next<SessionId>();
            await using (var writer = await store.CreateAsync(gone, [Some.Forked(row, 4, new Segment(unneeded, 4)), new SessionTrashed()], null, Cancellation))
                await store.PurgeAsync(unneeded, Cancellation);
            await store.PurgeAsync(gone, Cancellation);
        }

        for (var calls = 0; ; calls++)
        {
            using var copy = new TempFolder();
            Copy(Home, copy.Path);
            var disk = new FaultyDisk();
            bool wasKilled;
            await using (var store = await EmbeddedStore.OpenAsync(copy.Path, new EmbeddedStoreOptions(), TimeProvider.System, disk, Cancellation))
            {
                disk.DieAfter(calls);
                await store.CollectAsync(Cancellation);
                wasKilled = disk.IsDead;
            }

            await using (var store = await EmbeddedStore.OpenAsync(copy.Path, new EmbeddedStoreOptions(), TimeProvider.System, Cancellation))
            {
                var rest = await store.CollectAsync(Cancellation);
                Assert.Equal(Math.Max(0, 4 - calls), rest.Blobs.Files + rest.Origins.Files);
                Assert.Empty(rest.Problems);
                Assert.Equal(Some.Texts(before.Take(4)), Some.Texts((await ReadAsync(store, fork!.Value)).Take(4)));
                await using var content = await store.FindBlobAsync(named.Sha256, Cancellation);
                Assert.NotNull(content);
            }

            if (!wasKilled)
            {
                Assert.True(calls >= 4);
                break;
            }
        }
    }

    [Fact]
    public async Task What_is_kept_for_a_fork_ends_with_the_step_that_it_needs()
    {
        var (session, _, before) = await MakeAsync(isForked: true);
        await using var store = await OpenAsync();

        await store.PurgeAsync(session, Cancellation);

        Assert.False(File.Exists(LogOf(session)));
        var kept = await File.ReadAllLinesAsync(Path.ChangeExtension(LogOf(session), SessionLog.OriginExtension), Cancellation);
        Assert.Equal(5, kept.Length);
        Assert.All(kept, line => Assert.True(LogLine.IsSealed(Encoding.UTF8.GetBytes(line))));
        Assert.Equal(9, before.Count);
    }

    [Fact]
    public async Task Nothing_of_a_purged_session_can_be_found_in_the_home()
    {
        var (session, _, _) = await MakeAsync(isForked: false);
        await File.AppendAllTextAsync(LogOf(session), $"{{\"seq\":10,\"torn\":\"{Secret}", Cancellation);
        await using (var store = await OpenAsync())
        {
            await (await store.OpenWriterAsync(session, Cancellation)).DisposeAsync();
            Assert.Single(Directory.GetFiles(Home, "*.torn-*", SearchOption.AllDirectories));
            Assert.NotEmpty(Holding());

            await store.PurgeAsync(session, Cancellation);
            await store.CollectAsync(Cancellation);

            Assert.Empty(Holding());
        }

        Assert.Empty(Holding());

        IEnumerable<string> Holding() => Directory.GetFiles(Home, "*", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith("store.lock", StringComparison.Ordinal) && File.ReadAllText(f).Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_reading_a_fork_goes_on_while_its_origin_is_purged()
    {
        var (session, fork, before) = await MakeAsync(isForked: true);
        await using var store = await OpenAsync();
        await using var reading = store.ReadAsync(fork!.Value, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await reading.MoveNextAsync());

        await store.PurgeAsync(session, Cancellation);

        var read = new List<SessionEvent> { reading.Current };
        while (await reading.MoveNextAsync())
            read.Add(reading.Current);
        Assert.Equal(Some.Texts(before.Take(4)), Some.Texts(read.Take(4)));
        Assert.Equal(5, read.Count);
    }

    [Fact]
    public async Task While_a_log_cannot_be_read_no_blob_and_nothing_kept_for_forks_is_deleted()
    {
        var (session, fork, _) = await MakeAsync(isForked: true);
        var damaged = await MakeAsync([Some.Titled("a"), Some.Titled("b")]);
        await using (var store = await OpenAsync())
        {
            await store.PurgeAsync(session, Cancellation);
            await PutOldAsync(store);
            await TrashAsync(store, fork!.Value);
            await store.PurgeAsync(fork.Value, Cancellation);
        }

        var log = await File.ReadAllBytesAsync(LogOf(damaged), Cancellation);
        await File.WriteAllBytesAsync(LogOf(damaged), [(byte)'x', .. log[1..]], Cancellation);
        await using (var store = await OpenAsync())
        {
            var spared = await store.CollectAsync(Cancellation);
            Assert.Equal((Reclaimed.Nothing, Reclaimed.Nothing), (spared.Blobs, spared.Origins));
            Assert.Equal(2, spared.Problems.Count(p => p.Contains(damaged.Value, StringComparison.Ordinal)));
        }

        await File.WriteAllBytesAsync(LogOf(damaged), log, Cancellation);
        await using var mended = await OpenAsync();
        var collected = await mended.CollectAsync(Cancellation);
        Assert.Equal((1, 1), (collected.Blobs.Files, collected.Origins.Files));
        Assert.Empty(collected.Problems);
    }

    [Fact]
    public async Task A_bit_that_flipped_since_the_log_was_last_read_spares_every_blob()
    {
        var session = await MakeAsync([Some.Titled("a"), Some.Titled("b")]);
        await using var store = await OpenAsync();
        await PutOldAsync(store);
        var log = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        log[^30] ^= 1;
        await File.WriteAllBytesAsync(LogOf(session), log, Cancellation);

        var collected = await store.CollectAsync(Cancellation);

        Assert.Equal(Reclaimed.Nothing, collected.Blobs);
        Assert.Contains(SessionLog.NameOf(session), Assert.Single(collected.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_among_the_sessions_that_is_not_known_spares_every_blob()
    {
        var session = await MakeAsync([Some.Titled("a")]);
        await using var store = await OpenAsync();
        await PutOldAsync(store);
        await File.WriteAllTextAsync(LogOf(session) + ".zst", "of a later version", Cancellation);

        var collected = await store.CollectAsync(Cancellation);

        Assert.Equal(Reclaimed.Nothing, collected.Blobs);
        Assert.Contains(".zst", Assert.Single(collected.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_deleted_is_told_and_deleted_the_next_time()
    {
        await using var store = await OpenAsync();
        await PutOldAsync(store);
        Disk.Fail(DiskCall.Delete, "blobs", "Permission denied");

        var refused = await store.CollectAsync(Cancellation);
        var again = await store.CollectAsync(Cancellation);

        Assert.Equal(Reclaimed.Nothing, refused.Blobs);
        Assert.Contains("Permission denied", Assert.Single(refused.Problems), StringComparison.Ordinal);
        Assert.Equal(1, again.Blobs.Files);
    }

    [Fact]
    public async Task Torn_ends_are_kept_for_a_month_while_their_session_is_there()
    {
        var session = await MakeAsync([Some.Titled("a")]);
        var (young, old, lost) = (LogOf(session) + ".torn-7", LogOf(session) + ".torn-9", LogOf(Some.Ids.Next<SessionId>()) + ".torn-3");
        foreach (var file in (string[])[young, old, lost])
            await File.WriteAllTextAsync(file, "torn", Cancellation);
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-31));
        await using var store = await OpenAsync();

        var collected = await store.CollectAsync(Cancellation);

        Assert.Equal(new Reclaimed(2, 8), collected.Leftovers);
        Assert.Equal((true, false, false), (File.Exists(young), File.Exists(old), File.Exists(lost)));
    }

    [Fact]
    public async Task Forks_made_and_origins_purged_at_once_never_lose_an_event()
    {
        await using var store = await OpenAsync(Durability.Relaxed);
        for (var round = 0; round < 20; round++)
        {
            var session = await MakeInAsync(store);
            var row = (await store.FindAsync(session, Cancellation))!;
            var purging = Task.Run(async () => await store.PurgeAsync(session, Cancellation), Cancellation);
            var forking = Task.Run(
                async () =>
                {
                    var id = Some.Ids.Next<SessionId>();
                    await (await store.CreateAsync(id, [Some.Forked(row, 4, new Segment(session, 4))], null, Cancellation)).DisposeAsync();
                    return id;
                },
                Cancellation);

            await purging;
            var failed = await Record.ExceptionAsync(() => forking);
            if (failed is null)
                Assert.DoesNotContain(await ReadAsync(store, await forking), e => e.Body is Gap);
            else
                Assert.IsType<SessionNotFoundException>(failed);
            await store.CollectAsync(Cancellation);
            if (failed is null)
                Assert.Equal(5, (await ReadAsync(store, await forking)).Count);
        }
    }

    /// <summary>A trashed session of nine events, the fourth and fifth one step; and a fork at the fourth.</summary>
    private async Task<(SessionId Session, SessionId? Fork, IReadOnlyList<SessionEvent> Before)> MakeAsync(bool isForked)
    {
        await using var store = await OpenAsync();
        var session = await MakeInAsync(store);
        SessionId? fork = null;
        if (isForked)
        {
            var row = (await store.FindAsync(session, Cancellation))!;
            fork = Some.Ids.Next<SessionId>();
            await (await store.CreateAsync(fork.Value, [Some.Forked(row, 4, new Segment(session, 4))], null, Cancellation)).DisposeAsync();
        }

        return (session, fork, await ReadAsync(store, session));
    }

    private static async Task<SessionId> MakeInAsync(EmbeddedStore store)
    {
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created(title: Secret)], Some.By, Cancellation);
        await writer.AppendAsync([Some.Titled("2"), Some.Titled("3")], null, Cancellation);
        await writer.AppendAsync([Some.Titled("4"), Some.Titled("5")], null, Cancellation);
        await writer.AppendAsync([Some.Message(Secret), Some.Titled(Secret), Some.Titled("8")], null, Cancellation);
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        return writer.Session;
    }

    private static async Task TrashAsync(EmbeddedStore store, SessionId session)
    {
        await using var writer = await store.OpenWriterAsync(session, Cancellation);
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
    }

    private async Task PutOldAsync(EmbeddedStore store, byte content = 1)
    {
        var blob = await store.PutBlobAsync(new MemoryStream([content, 2, 3]), "image/png", Cancellation);
        File.SetLastWriteTimeUtc(Path.Combine(Home, "blobs", blob.Sha256[..2], blob.Sha256), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-2));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.GetFiles(from).Where(f => !f.EndsWith("store.lock", StringComparison.Ordinal)))
        {
            // With its time, by which the catalog knows a log.
            var copy = Path.Combine(to, Path.GetFileName(file));
            File.Copy(file, copy, overwrite: true);
            File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(file));
        }
    }
}
