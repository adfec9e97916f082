using System.Diagnostics;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Bench;

/// <summary>How the REPL feels: a key while text streams in, its own CPU meanwhile, and a long session on attach.</summary>
internal static class ReplBench
{
    private const int TokensASecond = 500;
    private const int Keys = 100;
    private const int Messages = 10_000;
    private const int Rounds = 9;
    private static readonly TimeSpan s_warm = TimeSpan.FromSeconds(8);

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken) =>
        [.. await StreamAsync(cancellationToken), .. await AttachAsync(cancellationToken)];

    private static async Task<IReadOnlyList<Row>> StreamAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await using var client = await program.ServeAsync(cancellationToken);
        using var terminal = new Terminal(program, $"--model scripted/{Script(program.Workspace)}");
        terminal.See("new session");
        terminal.Type("Go.\r");
        terminal.See("word word");

        // What is compiled while it runs is so once, and not for as long as text streams.
        var warm = Stopwatch.StartNew();
        while (warm.Elapsed < s_warm)
            terminal.See("word", again: true);

        List<double> late = [];
        var (cpu, watch) = (terminal.Cpu(), Stopwatch.StartNew());
        for (var i = 0; i < Keys; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(40 + (i % 7)), cancellationToken);
            // Each another one, and none that escape sequences have.
            var key = (char)('Ā' + i);
            var pressed = Stopwatch.GetTimestamp();
            terminal.Type(key.ToString());
            terminal.See(key.ToString());
            late.Add(Stopwatch.GetElapsedTime(pressed).TotalMilliseconds);
        }

        var share = (terminal.Cpu() - cpu) / watch.Elapsed.TotalSeconds * 100;
        return
        [
            new Row($"a key shows while {TokensASecond} tokens a second stream (median; 95th percentile)", $"{Median.Of(late):0.0} ms; {late.Order().ElementAt(Keys * 95 / 100):0.0} ms", "", "≤ 10 ms"),
            new Row("CPU of the REPL meanwhile", $"{share:0.0} % of a core", "", "≤ 5 %"),
        ];
    }

    private static async Task<IReadOnlyList<Row>> AttachAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await FillAsync(program, cancellationToken);
        await using var client = await program.ServeAsync(cancellationToken);
        List<double> repl = [], attach = [];
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (times, arguments) in ((List<double>, string)[])[(repl, "--resume 1"), (attach, "attach 1")])
            {
                var watch = Stopwatch.StartNew();
                using var terminal = new Terminal(program, arguments);
                terminal.See("message number 10000");
                if (round >= 0)
                    times.Add(watch.Elapsed.TotalSeconds);
            }
        }

        return
        [
            new Row($"`skein --resume 1`: the tail of {Messages:N0} messages is on the screen", $"{Median.Of(repl):0.00} s", "", "≤ 0.3 s"),
            new Row("the same with `skein attach 1`", $"{Median.Of(attach):0.00} s", "", "≤ 0.3 s"),
        ];
    }

    private static string Script(string folder)
    {
        var text = string.Concat(Enumerable.Repeat("word word word word word word word word word word word word\n", 4000));
        var path = Path.Combine(folder, "script.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            steps = new[] { new { parts = new[] { new { type = "text", text, chunk = "word ".Length, delay_ms = 1000 / TokensASecond } } } },
        }));
        return path;
    }

    private static async Task FillAsync(PublishedProgram program, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.OpenAsync(program.Home, new EmbeddedStoreOptions(Durability.Relaxed), TimeProvider.System, cancellationToken);
        var ids = new IdSource(TimeProvider.System);
        await using var writer = await store.CreateAsync(
            ids.Next<SessionId>(), [new SessionCreated(program.Workspace, "skein", "scripted/none", PermissionMode.Ask, "Long")], null, cancellationToken);
        for (var n = 1; n <= Messages; n++)
        {
            var part = new MessagePart(ids.Next<PartId>(), new TextPart($"message number {n}, with the words that a message has"));
            await writer.AppendAsync(
                [new MessageAdded(ids.Next<MessageId>(), n % 2 == 1 ? Role.User : Role.Assistant, MessageStatus.Completed, n, [part])], null, cancellationToken);
        }
    }
}
