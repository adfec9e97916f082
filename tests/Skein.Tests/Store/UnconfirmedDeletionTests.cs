using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>A log that was deleted, and is there again after a power cut, since the disk never confirmed its deletion.</summary>
public sealed class UnconfirmedDeletionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PowerCut _cache = new();
    private readonly FaultyDisk _disk;
    private readonly ManualClock _clock = new();

    public UnconfirmedDeletionTests() => _disk = new FaultyDisk(_cache);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_purged_session_that_comes_back_has_its_blobs()
    {
        SessionId session;
        BlobRef blob;
        await using (var store = await OpenAsync())
        {
            blob = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);
            session = await MakeTrashedAsync(store, Some.Message("a") with { Parts = [new MessagePart(Some.Ids.Next<PartId>(), new FilePart("image/png", "a.png", blob))] });
            _clock.Advance(TimeSpan.FromHours(2));
            _disk.Fail(DiskCall.FlushFolder, "sessions", times: 2);

            await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.PurgeAsync(session, Cancellation));
            var spared = await store.CollectAsync(Cancellation);

            Assert.Equal(Reclaimed.Nothing, spared.Blobs);
            Assert.Contains("does not confirm", Assert.Single(spared.Problems), StringComparison.Ordinal);
        }

        _cache.Cut(new NothingMore());
        await using var reopened = await OpenAsync();
        Assert.NotNull((await reopened.FindAsync(session, Cancellation))?.TrashedAt);
        await using (var found = await reopened.FindBlobAsync(blob.Sha256, Cancellation))
            Assert.NotNull(found);

        await reopened.PurgeAsync(session, Cancellation);
        Assert.Equal(1, (await reopened.CollectAsync(Cancellation)).Blobs.Files);
    }

    [Fact]
    public async Task A_collection_confirms_first_what_a_purge_could_not()
    {
        SessionId session;
        await using (var store = await OpenAsync())
        {
            await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);
            session = await MakeTrashedAsync(store);
            _clock.Advance(TimeSpan.FromHours(2));
            _disk.Fail(DiskCall.FlushFolder, "sessions");

            await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.PurgeAsync(session, Cancellation));
            Assert.Equal(1, (await store.CollectAsync(Cancellation)).Blobs.Files);
        }

        _cache.Cut(new NothingMore());
        await using var reopened = await OpenAsync();
        Assert.Null(await reopened.FindAsync(session, Cancellation));
    }

    // Purged, or made without anybody being told: either fork may be there again.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_origin_is_not_purged_while_a_fork_of_it_may_come_back(bool isMade)
    {
        SessionId origin;
        var fork = Some.Ids.Next<SessionId>();
        await using (var store = await OpenAsync())
        {
            origin = await MakeTrashedAsync(store);
            var row = (await store.FindAsync(origin, Cancellation))!;
            EventBody[] forked = [Some.Forked(row, 1, new Segment(origin, 1)), new SessionTrashed()];
            if (isMade)
            {
                await (await store.CreateAsync(fork, forked, null, Cancellation)).DisposeAsync();
                _disk.Fail(DiskCall.FlushFolder, "sessions", times: 2);
                await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.PurgeAsync(fork, Cancellation));
            }
            else
            {
                _disk.Fail(DiskCall.FlushFolder, "sessions", times: 3);
                await Assert.ThrowsAsync<AppendUnknownException>(async () => await store.CreateAsync(fork, forked, null, Cancellation));
            }

            var refused = await Assert.ThrowsAsync<StoreStoppedException>(async () => await store.PurgeAsync(origin, Cancellation));
            Assert.Contains("still in the trash", refused.Message, StringComparison.Ordinal);
            await store.PurgeAsync(origin, Cancellation);
        }

        _cache.Cut(new NothingMore());
        await using var reopened = await OpenAsync();
        Assert.Empty(reopened.Damaged);
        Assert.Null(await reopened.FindAsync(fork, Cancellation));
        Assert.Null(await reopened.FindAsync(origin, Cancellation));
    }

    private Task<EmbeddedStore> OpenAsync() => EmbeddedStore.OpenAsync(_folder.Below("home"), new EmbeddedStoreOptions(), _clock, _disk, Cancellation);

    private static async Task<SessionId> MakeTrashedAsync(EmbeddedStore store, params EventBody[] further)
    {
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created(), .. further], Some.By, Cancellation);
        await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        return writer.Session;
    }

    /// <summary>Nothing that was not flushed comes to the disk by itself.</summary>
    private sealed class NothingMore : Random
    {
        public override int Next(int maxValue) => 0;
    }
}
