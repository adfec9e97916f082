using System.Diagnostics;
using Skein.Core;

namespace Skein.Bench;

/// <summary>What 100,000 sessions cost: the start of the server, lists, a page, a search and memory, against a home with none in the same run.</summary>
internal static class ManyBench
{
    private const int Many = 100_000;
    private const int Folders = 100;
    private const int Rounds = 7;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var none = await MeasureAsync(sessions: 0, cancellationToken);
        var many = await MeasureAsync(Many, cancellationToken);
        return
        [
            new Row($"start of the server with {Many:N0} sessions", $"{many.Start:0.000} s", $"{none.Start:0.000} s with none: {many.Start - none.Start:0.000} s more", "≤ 0.5 s more"),
            new Row("`skein ls --workspace` of one folder in a hundred of them", $"{many.List:0.000} s", $"{none.List:0.000} s with none: {many.List / none.List:0.00} ×", "≤ 1.5 ×"),
            new Row("a page of 50 from the middle of all, over the API", $"{many.Page * 1000:0.0} ms", $"{none.Page * 1000:0.0} ms with none", "≤ 50 ms"),
            new Row("a search through all that finds nothing, over the API", $"{many.Search:0.000} s", $"{many.Search / Many * 1e6:0} µs a session", ""),
            new Row("resident memory after all that", $"{many.Memory:0} MiB", $"{none.Memory:0} MiB with none: {many.Memory - none.Memory:0} MiB more", "≤ 64 MB more"),
        ];
    }

    private static async Task<Measured> MeasureAsync(int sessions, CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await ManySessions.FillAsync(program.Home, sessions, Folders, cancellationToken);
        List<double> starts = [];
        for (var round = 0; round < Rounds; round++)
        {
            var starting = Stopwatch.StartNew();
            await using var first = await program.ServeAsync(cancellationToken);
            starts.Add(starting.Elapsed.TotalSeconds);
            await program.StopServerAsync();
        }

        await using var client = await program.ServeAsync(cancellationToken);
        program.Time("ls");
        var lists = Enumerable.Range(0, Rounds).Select(_ => program.Time("ls", "--workspace", ManySessions.Folder(7))).ToList();

        var middle = await client.ListAsync(new SessionQuery(Limit: 1000), cancellationToken);
        for (var page = 0; page < 5 && middle.Next is not null; page++)
            middle = await client.ListAsync(new SessionQuery(Limit: 1000, Cursor: middle.Next), cancellationToken);
        List<double> pages = [];
        for (var round = 0; round < Rounds; round++)
        {
            var paging = Stopwatch.StartNew();
            await client.ListAsync(new SessionQuery(Limit: 50, Cursor: middle.Next), cancellationToken);
            pages.Add(paging.Elapsed.TotalSeconds);
        }

        var searching = Stopwatch.StartNew();
        await foreach (var _ in client.SearchAsync(new Core.Search.SearchQuery("zugunruhe"), cancellationToken))
        {
            // Only the time counts.
        }

        return new Measured(Median.Of(starts), Median.Of(lists), Median.Of(pages), searching.Elapsed.TotalSeconds, program.ServerMemory());
    }

    private sealed record Measured(double Start, double List, double Page, double Search, double Memory);
}
