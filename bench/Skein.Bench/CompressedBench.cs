using System.Diagnostics;
using Skein.Core;
using Skein.Core.Search;
using Skein.Store;
using static System.FormattableString;

namespace Skein.Bench;

/// <summary>100 MB of sessions, plain and then compressed: their bytes, a page of the newest messages, and a search. All of it is in the page cache.</summary>
internal static class CompressedBench
{
    private const int Sessions = 20;
    private const int PageEvents = 100;
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var home = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            var options = new EmbeddedStoreOptions(Durability.Relaxed, new PackingRules(TimeSpan.Zero));
            await using var store = await EmbeddedStore.OpenAsync(home, options, TimeProvider.System, cancellationToken);
            var ids = new IdSource(TimeProvider.System);
            for (var i = 0; i < Sessions; i++)
                await SearchBench.WriteAsync(store, ids, new Random(i), cancellationToken);
            var plain = await MeasureAsync(store, home, cancellationToken);

            var watch = Stopwatch.StartNew();
            var collected = await store.CollectAsync(cancellationToken);
            var packing = watch.Elapsed.TotalSeconds;
            if (collected.Compressed.Files != Sessions)
                throw new InvalidOperationException($"{collected.Compressed.Files} logs were compressed: {string.Join(' ', collected.Problems)}");

            var packed = await MeasureAsync(store, home, cancellationToken);
            return
            [
                new Row("bytes of 100 MB of sessions, compressed", Invariant($"{packed.Bytes / 1e6:0.0} MB"), Invariant($"plain: {plain.Bytes / 1e6:0.0} MB: {packed.Bytes / plain.Bytes:0.00} × as many"), "≤ 0.35 ×"),
                new Row("the newest 100 events of a compressed session", Invariant($"{packed.Page * 1000:0.00} ms"), Invariant($"plain: {plain.Page * 1000:0.00} ms"), "≤ 20 ms"),
                new Row("search of compressed sessions", Invariant($"{plain.Bytes / packed.SearchCpu / 1e9:0.00} GB a core and second"), Invariant($"plain: {plain.Bytes / plain.SearchCpu / 1e9:0.00}"), "≥ 0.1 GB/s a core"),
                new Row("compressing, in the background", Invariant($"{plain.Bytes / packing / 1e6:0} MB a second"), "", ""),
            ];
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task<(double Bytes, double Page, double SearchCpu)> MeasureAsync(EmbeddedStore store, string home, CancellationToken cancellationToken)
    {
        var sessions = (await store.ListAsync(new SessionQuery(), cancellationToken)).Items;
        List<double> pages = [];
        List<double> searches = [];
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var session in sessions)
            {
                var watch = Stopwatch.StartNew();
                await foreach (var _ in store.ReadBackAsync(session.Id, long.MaxValue, cancellationToken).Take(PageEvents))
                {
                    // Only the time counts.
                }

                pages.Add(watch.Elapsed.TotalSeconds);
            }

            searches.Add((await SearchBench.OursAsync(store, new SearchQuery("zugunruhe", Limit: 1), cancellationToken)).Cpu);
        }

        var bytes = Directory.EnumerateFiles(Path.Combine(home, "sessions"), "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        return (bytes, Median.Of(pages), Median.Of(searches));
    }
}
