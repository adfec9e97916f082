namespace Skein.Agent.Tools.Searching;

/// <summary>
/// Work that is begun before its result is wanted: results come in the order in which it was given, however it ends. One user; disposing
/// ends what still runs and waits for it.
/// </summary>
internal sealed class WorkAhead<T>(CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>Pieces that are worth having begun: more would be done in vain where somebody has enough.</summary>
    public static readonly int Most = 4 * Environment.ProcessorCount;

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly Queue<Task<T>> _begun = new();

    public int Count => _begun.Count;

    public void Begin(Func<CancellationToken, T> work) => _begun.Enqueue(Task.Run(() => work(_stop.Token), _stop.Token));

    /// <summary>The result of the first that was begun and not taken.</summary>
    public Task<T> TakeAsync() => _begun.Dequeue();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll((IEnumerable<Task>)_begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
