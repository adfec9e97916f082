using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>What the tests of compressed logs share: a store that compresses whatever nobody writes, in small frames.</summary>
public abstract class CompressedTests : EmbeddedTests
{
    private protected static readonly PackingRules Rules = new(TimeSpan.Zero) { Least = 0, FrameLength = 2048 };

    protected Task<EmbeddedStore> OpenCompressingAsync() =>
        EmbeddedStore.OpenAsync(Home, new EmbeddedStoreOptions(Packing: Rules), TimeProvider.System, Disk, Cancellation);

    protected string PackedLogOf(SessionId session) => Path.Combine(Home, SessionLog.NameOf(session, SessionLog.PackedExtension));

    /// <summary>Makes a session of several frames, and compresses it.</summary>
    /// <returns>It, and its plain log.</returns>
    protected async Task<(SessionId Session, byte[] Plain)> MakeCompressedAsync(int turns = 12)
    {
        var session = await MakeAsync([.. Enumerable.Range(0, turns).Select(n => (IReadOnlyList<EventBody>)[.. Some.WholeTurn(1 + (2 * n)), Some.Message($"needle {n} {new string((char)('a' + n), 300)}", 3)])]);
        var plain = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        await CompressAsync();
        return (session, plain);
    }

    protected async Task<Collected> CompressAsync()
    {
        await using var store = await OpenCompressingAsync();
        var collected = await store.CollectAsync(Cancellation);
        Assert.Empty(collected.Problems);
        return collected;
    }

    protected void AssertIsCompressed(SessionId session) =>
        Assert.Equal((true, false), (File.Exists(PackedLogOf(session)), File.Exists(LogOf(session))));

    protected void AssertIsPlain(SessionId session) =>
        Assert.Equal((false, true), (File.Exists(PackedLogOf(session)), File.Exists(LogOf(session))));
}
