using System.Runtime.CompilerServices;
using Skein.Core;

namespace Skein.Store;

/// <summary>Looks through many logs, several at a time and a little ahead of whoever takes the results, which come in the order of the work.</summary>
internal static class ManyLogs
{
    private const int AheadOfEachWorker = 8;

    // The other half is for the agents at work, and for whoever asks something else meanwhile.
    private static readonly int s_workers = Math.Max(1, Environment.ProcessorCount / 2);

    public static async IAsyncEnumerable<TResult> ScanAsync<TWork, TResult>(
        IEnumerable<TWork> works, Func<TWork, CancellationToken, TResult> scan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var ahead = new WorkAhead<TResult>(cancellationToken, s_workers);
        using var left = works.GetEnumerator();
        while (true)
        {
            while (ahead.Count < s_workers * AheadOfEachWorker && left.MoveNext())
            {
                var work = left.Current;
                ahead.Begin(stop => scan(work, stop));
            }

            if (ahead.Count == 0)
                yield break;
            yield return await ahead.TakeAsync();
        }
    }
}
