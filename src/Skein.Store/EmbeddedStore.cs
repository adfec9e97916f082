using System.Collections.Concurrent;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Core.Spending;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>
/// The store in a folder of this machine: an append-only file a session, blobs beside them, and a catalog that is only a cache. One
/// process at a time has the folder. The format is drawn in <c>docs/log-format.md</c>.
/// </summary>
public sealed class EmbeddedStore : ISessionStore
{
    private readonly Home _home;
    private readonly FlushThreads _threads = new();
    private readonly Catalog _catalog;
    private readonly LogFolder _logs;
    private readonly SessionReader _reader;
    private readonly BlobFolder _blobs;
    private readonly StoreSearch _search;
    private readonly StoreSpending _spending;
    private readonly Watchers _watchers;
    private readonly LogPurge _purge;
    private readonly LogPacking _packing;
    private readonly LogParts _parts;
    private readonly SemaphoreSlim _deleting = new(1, 1);
    private readonly ConcurrentDictionary<long, SessionId> _byKey = new();
    private readonly ConcurrentDictionary<SessionId, bool> _abandoned = new();
    private int _disposed;

    private EmbeddedStore(Home home, EmbeddedStoreOptions options, TimeProvider time, Disk disk)
    {
        _home = home;
        var logs = new LogTable();
        _catalog = Catalog.Load(home.Catalog, home.Path, logs, disk);
        _parts = new LogParts(disk, _threads, time, options.Durability, _catalog, OnCommitted) { Recent = new RecentRows(options.RowsAtHand) };
        _logs = new LogFolder(home.Path, logs, _parts);
        _purge = new LogPurge(home.Path, _logs, _parts);
        _packing = new LogPacking(_logs, _parts, options.Packing);
        _reader = new SessionReader(_logs, disk);
        _blobs = new BlobFolder(home.Blobs, disk, _threads, options.Durability, time);
        _search = new StoreSearch(_logs, _blobs, disk);
        _spending = new StoreSpending(_logs, disk);
        _watchers = new Watchers(_logs.FindRow);
    }

    /// <summary>Opens the store, making its folder (for this user alone) where it is missing.</summary>
    /// <param name="home">The folder. One that exists must belong to this user; its permissions are left as they are.</param>
    /// <exception cref="HomeException">The folder cannot be used; <see cref="HomeInUseException"/> where another process has it.</exception>
    public static Task<EmbeddedStore> OpenAsync(string home, EmbeddedStoreOptions options, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(home, options, time, new Disk(), cancellationToken);

    internal static async Task<EmbeddedStore> OpenAsync(
        string home, EmbeddedStoreOptions options, TimeProvider time, Disk disk, CancellationToken cancellationToken)
    {
        var folder = Skein.Store.Home.Open(home, disk);
        EmbeddedStore? store = null;
        try
        {
            store = new EmbeddedStore(folder, options, time, disk);
            await store.LoadAsync(cancellationToken);
            return store;
        }
        catch (Exception e)
        {
            store?._threads.Dispose();
            store?._catalog.Dispose();
            folder.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new HomeException($"The home folder {folder.Path} cannot be read: {e.Message}", e);
            throw;
        }
    }

    /// <summary>The store's folder, as a full path.</summary>
    public string Home => _home.Path;

    /// <summary>Files that cannot be read or kept up, with the reason. Their sessions are in no list, all others are.</summary>
    public IReadOnlyList<DamagedFile> Damaged => _catalog.Problem is { } problem
        ? [.. _logs.Damaged, new DamagedFile(_home.Catalog, $"The catalog is not kept up, the next start reads the logs instead: {problem}")]
        : [.. _logs.Damaged];

    public async ValueTask<ISessionWriter> CreateAsync(SessionId session, IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return await _logs.CreateAsync(session, bodies, by, cancellationToken);
    }

    public async ValueTask<ISessionWriter> OpenWriterAsync(SessionId session, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        var writer = await _logs.OpenWriterAsync(_logs.Get(session), cancellationToken);
        _abandoned.TryRemove(session, out _);
        return writer;
    }

    public IAsyncEnumerable<SessionEvent> ReadAsync(SessionId session, long after, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _reader.ReadAsync(session, after, cancellationToken);
    }

    public IAsyncEnumerable<SessionEvent> ReadBackAsync(SessionId session, long before, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _reader.ReadBackAsync(session, before, cancellationToken);
    }

    public ValueTask<long?> FindMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _reader.FindMessageAsync(session, message, cancellationToken);
    }

    public ValueTask<IReadOnlyList<SessionEvent>> FindAppendedAsync(SessionId session, string key, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _reader.FindAppendedAsync(session, key, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="CursorAheadException"><paramref name="after"/> is beyond the end: it would never be told.</exception>
    public async Task WaitForChangeAsync(SessionId session, long after, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        await _logs.Get(session).WaitAsync(after, cancellationToken);
    }

    public async ValueTask<Session?> FindAsync(SessionId session, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        if (_logs.Find(session) is not { } log)
            return null;

        // The disk may not have answered when the log was last looked at.
        if (log.State.Keys is null)
            await _logs.LookAsync(log, cancellationToken);
        return _logs.RowOf(log) ?? (log.IsGone ? null : throw new DamagedException(log.State.Fault!));
    }

    public async ValueTask<Session?> FindByKeyAsync(string key, CancellationToken cancellationToken) =>
        _byKey.TryGetValue(Fingerprint.Of(key), out var session) && await FindAsync(session, cancellationToken) is { } row && row.Key == key ? row : null;

    public ValueTask<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        var unread = 0;
        var page = SessionList.Page(Keys(), query, _logs.FindRow);
        return ValueTask.FromResult(page with { Unread = unread > 0 ? unread : null });

        // One walk over all: those that no list has are counted on the way.
        IEnumerable<SessionKeys> Keys()
        {
            foreach (var log in _logs.All)
            {
                var state = log.State;
                if (state.Keys is { } keys)
                    yield return keys;
                else if (state.Fault is not null)
                    unread++;
            }
        }
    }

    public IAsyncEnumerable<SearchFinding> SearchAsync(SearchQuery query, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _search.RunAsync(query, TextMatcher.For(query), cancellationToken);
    }

    public IAsyncEnumerable<SessionSpending> ReadSpendingAsync(SpendingQuery query, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _spending.ReadAsync(query, cancellationToken);
    }

    public IAsyncEnumerable<Session> WatchAsync(CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _watchers.WatchAsync(cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Also those that a turn was running in, should the journal of writers have been lost. One that is opened is no longer abandoned.</remarks>
    public ValueTask<IReadOnlyList<SessionId>> FindAbandonedAsync(CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<SessionId>>([.. _abandoned.Keys.OrderBy(s => s.Value, StringComparer.Ordinal)]);
    }

    public async ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return await _blobs.PutAsync(content, mediaType, cancellationToken);
    }

    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return _blobs.FindAsync(sha256, cancellationToken);
    }

    public async ValueTask PurgeAsync(SessionId session, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        var log = _logs.Get(session);
        await _deleting.WaitAsync(cancellationToken);
        try
        {
            ThrowIfDisposed();
            await _purge.PurgeAsync(log, cancellationToken);
        }
        finally
        {
            _deleting.Release();
            if (log.IsGone)
                Forget(log);
        }
    }

    public async ValueTask<Collected> CollectAsync(CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        await _deleting.WaitAsync(cancellationToken);
        try
        {
            ThrowIfDisposed();

            // It reads every log: not on a thread that appends wait for.
            return await Task.Run(() => new Collection(_home.Path, _logs, _parts, _blobs, _packing).RunAsync(cancellationToken), cancellationToken);
        }
        finally
        {
            _deleting.Release();
        }
    }

    /// <summary>
    /// Waits for the appends and deletions that were called, and lets the folder go. A session whose writer was not closed before counts as abandoned
    /// at the next start.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        _watchers.End();
        await _deleting.WaitAsync(CancellationToken.None);
        _deleting.Release();
        foreach (var log in _logs.All)
        {
            await log.Ownership.WaitAsync(CancellationToken.None);
            try
            {
                if (log.Writer is { } writer)
                    await writer.RetireAsync(fenced: false);
                log.Writer = null;
            }
            finally
            {
                log.Ownership.Release();
            }

            log.Close(static () => new ObjectDisposedException(nameof(EmbeddedStore)));
        }

        // Whoever closes the store may have come here on one of the threads.
        await Task.Run(_threads.Dispose);
        _catalog.Dispose();
        _home.Dispose();
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        _blobs.Clean();
        await _logs.LoadAsync(cancellationToken);
        foreach (var session in _catalog.Open.Where(s => _logs.Find(s) is not null))
            _abandoned[session] = true;

        foreach (var keys in _logs.Keys)
        {
            if (keys.IsLive)
                _abandoned[keys.Id] = true;
            if (keys.Links.Key != Fingerprint.None)
                _byKey.TryAdd(keys.Links.Key, keys.Id);
        }
    }

    private void OnCommitted(SessionLog log)
    {
        if (log.State.Row?.Key is { } key)
            _byKey.TryAdd(Fingerprint.Of(key), log.Id);
        _watchers.Changed(log.Id);
    }

    private void Forget(SessionLog log)
    {
        _abandoned.TryRemove(log.Id, out _);
        if (log.State.Keys is { } keys)
            _byKey.TryRemove(KeyValuePair.Create(keys.Links.Key, log.Id));
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
