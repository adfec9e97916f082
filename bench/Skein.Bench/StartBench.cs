using System.Diagnostics;

namespace Skein.Bench;

/// <summary>How long until somebody is served.</summary>
internal static class StartBench
{
    private const int Rounds = 15;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        List<double> first = [];
        for (var i = 0; i < Rounds; i++)
        {
            await using var program = new PublishedProgram();
            var watch = Stopwatch.StartNew();
            await using var client = await program.ServeAsync(cancellationToken);
            first.Add(watch.Elapsed.TotalSeconds);
        }

        await using var running = new PublishedProgram();
        await using var server = await running.ServeAsync(cancellationToken);
        running.Time("ls");
        var ls = Enumerable.Range(0, Rounds).Select(_ => running.Time("ls")).ToList();
        var help = Enumerable.Range(0, Rounds).Select(_ => running.Time("--help")).ToList();
        return
        [
            new Row("start of the server to its first answer", $"{Median.Of(first):0.000} s", "2.5 s (a TypeScript agent server)", "≤ 0.4 s"),
            new Row("`skein ls` against a running server", $"{Median.Of(ls):0.000} s", "", "≤ 0.12 s"),
            new Row("`skein --help`", $"{Median.Of(help):0.000} s", "", "≤ 0.1 s"),
        ];
    }
}
