using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>The power is cut at any call of the disk while a log is compressed, or unpacked and written: what was acknowledged is there.</summary>
public sealed class CompressionPowerCutTests
{
    private const int CutsACall = 3;

    private static readonly EmbeddedStoreOptions s_options = new(Packing: new PackingRules(TimeSpan.Zero) { Least = 0, FrameLength = 1024 });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task At_whatever_call_the_power_is_cut_the_session_is_whole(bool isUnpacked)
    {
        var isOver = false;
        for (var call = 0; !isOver; call++)
        {
            for (var seed = 0; seed < CutsACall; seed++)
                isOver = await CutAsync(isUnpacked, call, new Random(seed));
        }
    }

    /// <returns>Whether all was done before so many calls.</returns>
    private static async Task<bool> CutAsync(bool isUnpacked, int call, Random random)
    {
        using var folder = new TempFolder();
        var cache = new PowerCut();
        var disk = new FaultyDisk(cache);
        var session = Some.Ids.Next<SessionId>();
        await using (var store = await OpenAsync(folder, disk))
        {
            await using (var writer = await store.CreateAsync(session, [Some.Created(), .. Some.WholeTurn(1), .. Some.WholeTurn(3)], Some.By, Cancellation))
                await writer.AppendAsync([Some.Titled("before")], Some.By, Cancellation);
            if (isUnpacked)
                Assert.Equal(1, (await store.CollectAsync(Cancellation)).Compressed.Files);
        }

        List<SessionEvent> acknowledged;
        bool isOver;
        await using (var store = await OpenAsync(folder, disk))
        {
            acknowledged = await store.ReadAsync(session, 0, Cancellation).ToListAsync(Cancellation);
            disk.DieAfter(call, tornAfter: random.Next(100));
            if (isUnpacked)
                acknowledged.AddRange(await TryAppendAsync(store, session));
            else
                await store.CollectAsync(Cancellation);
            isOver = !disk.IsDead;
        }

        disk.Heal();
        cache.Cut(random);
        await using var again = await OpenAsync(folder, disk);
        Assert.Empty(again.Damaged);
        var read = await again.ReadAsync(session, 0, Cancellation).ToListAsync(Cancellation);
        Assert.True(Some.Texts(acknowledged).SequenceEqual(Some.Texts(read.Take(acknowledged.Count))), $"Call {call}: {read.Count} of {acknowledged.Count} events are there.");
        return isOver;
    }

    private static async Task<IReadOnlyList<SessionEvent>> TryAppendAsync(EmbeddedStore store, SessionId session)
    {
        try
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            return await writer.AppendAsync([Some.Titled("after")], Some.By, Cancellation);
        }
        catch (Exception e) when (e is StoreStoppedException or AppendUnknownException)
        {
            return [];
        }
    }

    private static Task<EmbeddedStore> OpenAsync(TempFolder folder, FaultyDisk disk) =>
        EmbeddedStore.OpenAsync(folder.Below("home"), s_options, TimeProvider.System, disk, Cancellation);
}
