using System.Runtime.CompilerServices;

namespace Skein.Store;

/// <summary>
/// Looks through many logs, several at a time and a little ahead of whoever takes the results, which come in the order of the work.
/// </summary>
internal static class WorkAhead
{
    private const int AheadOfEachWorker = 8;

    // The other half is for the agents at work, and for whoever asks something else meanwhile.
    private static readonly int s_workers = Math.Max(1, Environment.ProcessorCount / 2);

    public static async IAsyncEnumerable<TResult> RunAsync<TWork, TResult>(
        IEnumerable<TWork> works, Func<TWork, CancellationToken, TResult> run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var workers = new SemaphoreSlim(s_workers);
        var ahead = new Queue<Task<TResult>>();
        try
        {
            using var left = works.GetEnumerator();
            while (true)
            {
                while (ahead.Count < s_workers * AheadOfEachWorker && left.MoveNext())
                    ahead.Enqueue(StartAsync(left.Current));
                if (!ahead.TryPeek(out var next))
                    yield break;

                yield return await next;
                _ = ahead.Dequeue();
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var task in ahead)
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Task<TResult> StartAsync(TWork work) => Task.Run(
            async () =>
            {
                await workers.WaitAsync(stop.Token);
                try
                {
                    return run(work, stop.Token);
                }
                finally
                {
                    workers.Release();
                }
            },
            stop.Token);
    }
}
