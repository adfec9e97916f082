using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Tests.Server;

/// <summary>A store that fails whatever it is asked, as a real one may and cannot be made to.</summary>
internal sealed class FailingStore(Func<Exception> fail) : ISessionStore
{
    public ValueTask<ISessionWriter> CreateAsync(SessionId session, IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken) => throw fail();
    public ValueTask<ISessionWriter> OpenWriterAsync(SessionId session, CancellationToken cancellationToken) => throw fail();
    public IAsyncEnumerable<SessionEvent> ReadAsync(SessionId session, long after, CancellationToken cancellationToken) => throw fail();
    public IAsyncEnumerable<SessionEvent> ReadBackAsync(SessionId session, long before, CancellationToken cancellationToken) => throw fail();
    public ValueTask<long?> FindMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken) => throw fail();
    public ValueTask<IReadOnlyList<SessionEvent>> FindAppendedAsync(SessionId session, string key, CancellationToken cancellationToken) => throw fail();
    public Task WaitForChangeAsync(SessionId session, long after, CancellationToken cancellationToken) => throw fail();
    public ValueTask<Session?> FindAsync(SessionId session, CancellationToken cancellationToken) => throw fail();
    public ValueTask<Session?> FindByKeyAsync(string key, CancellationToken cancellationToken) => throw fail();
    public ValueTask<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken) => throw fail();
    public IAsyncEnumerable<SearchFinding> SearchAsync(SearchQuery query, CancellationToken cancellationToken) => throw fail();
    public IAsyncEnumerable<SessionSpending> ReadSpendingAsync(SpendingQuery query, CancellationToken cancellationToken) => throw fail();
    public IAsyncEnumerable<Session> WatchAsync(CancellationToken cancellationToken) => throw fail();
    public ValueTask<IReadOnlyList<SessionId>> FindAbandonedAsync(CancellationToken cancellationToken) => throw fail();
    public ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken) => throw fail();
    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) => throw fail();
    public ValueTask PurgeAsync(SessionId session, CancellationToken cancellationToken) => throw fail();
    public ValueTask<Collected> CollectAsync(CancellationToken cancellationToken) => throw fail();
    public ValueTask DisposeAsync() => default;
}
