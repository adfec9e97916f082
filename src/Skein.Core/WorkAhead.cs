namespace Skein.Core;

/// <summary>
/// Work that is begun before its result is wanted: results come in the order in which it was given, however it ends. One user; disposing
/// ends what still runs and waits for it.
/// </summary>
/// <param name="workers">Pieces that are worked on at once; null: as many as the threads of the pool take.</param>
internal sealed class WorkAhead<T>(CancellationToken cancellationToken, int? workers = null) : IAsyncDisposable
{
    /// <summary>Pieces that are worth having begun: more would be done in vain where somebody has enough.</summary>
    public static readonly int Most = 4 * Environment.ProcessorCount;

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly SemaphoreSlim? _workers = workers is { } atOnce ? new SemaphoreSlim(atOnce) : null;
    private readonly Queue<Task<T>> _begun = new();

    public int Count => _begun.Count;

    public void Begin(Func<CancellationToken, T> work) =>
        _begun.Enqueue(_workers is { } workers ? Task.Run(() => RunAsync(work, workers), _stop.Token) : Task.Run(() => work(_stop.Token), _stop.Token));

    /// <summary>The result of the first that was begun and not taken.</summary>
    public Task<T> TakeAsync() => _begun.Dequeue();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll((IEnumerable<Task>)_begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _workers?.Dispose();
    }

    private async Task<T> RunAsync(Func<CancellationToken, T> work, SemaphoreSlim workers)
    {
        await workers.WaitAsync(_stop.Token);
        try
        {
            return work(_stop.Token);
        }
        finally
        {
            workers.Release();
        }
    }
}
