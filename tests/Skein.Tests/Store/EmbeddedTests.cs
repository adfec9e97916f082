using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>What the tests of the embedded store's files share: a home, and a disk that can be made to fail.</summary>
public abstract class EmbeddedTests : IDisposable
{
    private readonly TempFolder _folder = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected string Home => _folder.Below("home");

    private protected FaultyDisk Disk { get; } = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<EmbeddedStore> OpenAsync(Durability durability = Durability.Durable) =>
        EmbeddedStore.OpenAsync(Home, new EmbeddedStoreOptions(durability), TimeProvider.System, Disk, Cancellation);

    /// <summary>Makes a session and closes the store again.</summary>
    /// <param name="batches">What is appended, a batch each.</param>
    protected async Task<SessionId> MakeAsync(params IReadOnlyList<EventBody>[] batches)
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        foreach (var batch in batches)
            await writer.AppendAsync(batch, Some.By, Cancellation);
        return writer.Session;
    }

    protected static async Task<ISessionWriter> CreateAsync(EmbeddedStore store) =>
        await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created()], Some.By, Cancellation);

    protected string LogOf(SessionId session) => Path.Combine(Home, SessionLog.NameOf(session));

    protected static async Task<IReadOnlyList<SessionEvent>> ReadAsync(EmbeddedStore store, SessionId session, long after = 0) =>
        await store.ReadAsync(session, after, Cancellation).ToListAsync(Cancellation);

    protected static async Task<IReadOnlyList<SessionEvent>> ReadBackAsync(EmbeddedStore store, SessionId session) =>
        await store.ReadBackAsync(session, long.MaxValue, Cancellation).ToListAsync(Cancellation);

    /// <summary>Where the lines of a log begin, and where the last one ends.</summary>
    protected static IReadOnlyList<int> LineStarts(byte[] log) =>
        [0, .. log.Index().Where(b => b.Item == (byte)'\n').Select(b => b.Index + 1)];
}
