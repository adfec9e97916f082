namespace Skein.Bench;

/// <summary>Whether a list stays quick when there are many sessions: the same command, with few and with many, in one run.</summary>
internal static class ListBench
{
    private const int Few = 30;
    private const int Many = 10_000;
    private const int Rounds = 15;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var few = await TimeAsync(Few, ["ls"], cancellationToken);
        var many = await TimeAsync(Many, ["ls"], cancellationToken);
        var page = await TimeAsync(Many, ["ls", "--limit", "1000"], cancellationToken);
        return
        [
            new Row($"`skein ls` in a folder of {Many:N0} sessions", $"{many:0.000} s", $"{few:0.000} s with {Few}: {many / few:0.00} ×", "≤ 1.5 ×"),
            new Row($"a page of 1,000 of them: `skein ls --limit 1000`", $"{page:0.000} s", "", ""),
        ];
    }

    private static async Task<double> TimeAsync(int sessions, string[] command, CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await ManySessions.FillAsync(program.Home, sessions, _ => program.Workspace, cancellationToken);
        await using var client = await program.ServeAsync(cancellationToken);
        program.Time(command);
        return Median.Of([.. Enumerable.Range(0, Rounds).Select(_ => program.Time(command))]);
    }
}
