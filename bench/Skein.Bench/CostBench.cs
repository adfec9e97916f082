using System.Globalization;
using Skein.Core;
using Skein.Store;

namespace Skein.Bench;

/// <summary><c>skein cost</c> over a home of 25,000 sessions and a gigabyte, against a search through the same.</summary>
internal static class CostBench
{
    private const int Sessions = 25_000;

    // One turn of some fifty kilobytes each.
    private const int BytesOfSession = 1;
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await using (var store = await EmbeddedStore.OpenAsync(program.Home, new EmbeddedStoreOptions(Durability.Relaxed), TimeProvider.System, cancellationToken))
        {
            var ids = new IdSource(TimeProvider.System);
            await Parallel.ForAsync(0, Sessions, cancellationToken, async (i, token) => await SearchBench.WriteAsync(store, ids, new Random(i), token, BytesOfSession));
        }

        var gigabytes = Directory.EnumerateFiles(Path.Combine(program.Home, "sessions"), "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) / 1e9;
        await using var client = await program.ServeAsync(cancellationToken);
        program.Time("cost");
        double Median(params string[] command) => Bench.Median.Of(Enumerable.Range(0, Rounds).Select(_ => program.Time(command)));
        var (days, sessions, folder, search) =
            (Median("cost"), Median("cost", "--by", "session"), Median("cost", "--workspace", "/elsewhere"), Median("search", "zugunruhe"));
        var home = string.Create(CultureInfo.InvariantCulture, $"{Sessions:N0} sessions, {gigabytes:0.0} GB");
        return
        [
            new Row($"`skein cost` of {home}", Shown(days), $"`skein search` of a text that is nowhere: {Shown(search)}: {Ratio(days / search)}", "≤ 1.5 × a search"),
            new Row("`skein cost --by session` of them, a row for each", Shown(sessions), $"by day: {Ratio(sessions / days)}", ""),
            new Row("`skein cost --workspace` of a folder that has none of them", Shown(folder), "", "≤ 0.3 s"),
        ];

        static string Shown(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.000} s");
        static string Ratio(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} ×");
    }
}
