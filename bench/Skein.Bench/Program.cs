using Skein.Bench;
using Skein.Bench.Stores;

// Every figure of docs/performance.md. Run it on an otherwise idle machine:
//   dotnet publish src/Skein.Cli -c Release -p:PublishAot=true -o artifacts/skein
//   dotnet run -c Release --project bench/Skein.Bench -- all
var benches = new Dictionary<string, Func<CancellationToken, Task<IReadOnlyList<Row>>>>
{
    ["start"] = StartBench.RunAsync,
    ["list"] = ListBench.RunAsync,
    ["many"] = ManyBench.RunAsync,
    ["memory"] = MemoryBench.RunAsync,
    ["telemetry"] = TelemetryBench.RunAsync,
    ["turn"] = TurnBench.RunAsync,
    ["agents"] = AgentsBench.RunAsync,
    ["stream"] = StreamBench.RunAsync,
    ["append"] = AppendBench.RunAsync,
    ["writers"] = WritersBench.RunAsync,
    ["follow"] = FollowBench.RunAsync,
    ["search"] = SearchBench.RunAsync,
    ["cost"] = CostBench.RunAsync,
    ["huge"] = HugeBench.RunAsync,
    ["compressed"] = CompressedBench.RunAsync,
    ["checkpoints"] = CheckpointBench.RunAsync,
    ["subagents"] = SubAgentBench.RunAsync,
    ["driven"] = DrivenBench.RunAsync,
    ["open"] = OpenBench.RunAsync,
    ["hands"] = HandsBench.RunAsync,
    ["repl"] = ReplBench.RunAsync,
};

// Those whose rows are worth to be seen before all are measured.
var rowByRow = new Dictionary<string, Func<CancellationToken, IAsyncEnumerable<Row>>> { ["stores"] = StoresBench.RunAsync };

var names = args is [] or ["all"] ? [.. benches.Keys, .. rowByRow.Keys] : args;
if (names.FirstOrDefault(n => !benches.ContainsKey(n) && !rowByRow.ContainsKey(n)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are: all, {string.Join(", ", benches.Keys.Concat(rowByRow.Keys))}.");
    return 2;
}

Console.WriteLine("| what | measured | against | goal |");
Console.WriteLine("|---|---|---|---|");
foreach (var name in names)
{
    using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(20));
    await foreach (var row in rowByRow.TryGetValue(name, out var rows) ? rows(stop.Token) : (await benches[name](stop.Token)).ToAsyncEnumerable())
        Console.WriteLine($"| {row.What} | {row.Measured} | {row.Against} | {row.Goal} |");
}

return 0;
