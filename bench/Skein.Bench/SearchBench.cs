using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;

namespace Skein.Bench;

/// <summary>Searching 300 MB of logs, against <c>rg -i</c> over the same files. All of it is in the page cache.</summary>
internal static class SearchBench
{
    private const int Sessions = 60;
    private const int BytesOfSession = 5_000_000;
    private const int Rounds = 7;
    private const int WarmRounds = 3;
    private const string Nowhere = "zugunruhe";

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var home = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(Durability.Relaxed), TimeProvider.System, cancellationToken);
            var ids = new IdSource(TimeProvider.System);
            for (var i = 0; i < Sessions; i++)
                await WriteAsync(store, ids, new Random(i), cancellationToken);

            var logs = Path.Combine(home, "sessions");
            var gigabytes = Directory.EnumerateFiles(logs, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) / 1e9;
            List<Row> rows = [];
            foreach (var (what, query, goal) in (IReadOnlyList<(string, SearchQuery, string)>)
            [
                ("a text that is nowhere", new SearchQuery(Nowhere, Limit: 1000), "≥ 1 GB/s a core, ≥ 0.3 ×"),
                ("a text of another script that is nowhere", new SearchQuery("雁が飛ぶ", Limit: 1000), ""),
                ("a text in every fiftieth message", new SearchQuery("Kestrel", Limit: 1_000_000), ""),
                ("a regular expression with a text in it that is nowhere", new SearchQuery("zugunruhe\\d+", IsRegex: true, Limit: 1000), "≥ 0.3 ×"),
                ("a regular expression with nothing in it that must be there", new SearchQuery("zug(un|el)|kranich[0-9]", IsRegex: true, Limit: 1000), ""),
            ])
            {
                // A server that has been running for a while has its code compiled.
                for (var warm = 0; warm < WarmRounds; warm++)
                    await OursAsync(store, query, cancellationToken);
                List<(double Wall, double Cpu)> ours = [];
                List<double> theirs = [];
                for (var round = 0; round < Rounds; round++)
                {
                    ours.Add(await OursAsync(store, query, cancellationToken));
                    theirs.Add(Ripgrep(query.Text, logs));
                }

                var (seconds, cpu, rg) = (Median.Of(ours.Select(o => o.Wall)), Median.Of(ours.Select(o => o.Cpu)), Median.Of(theirs));
                rows.Add(new Row(
                    $"search of {gigabytes * 1000:0} MB for {what}",
                    string.Create(CultureInfo.InvariantCulture, $"{seconds:0.000} s on half the cores, {gigabytes / cpu:0.00} GB a core and second"),
                    string.Create(CultureInfo.InvariantCulture, $"`rg -i` with all cores: {rg:0.000} s: {rg / seconds:0.00} × its speed"),
                    goal));
            }

            return rows;
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    public static async Task<(double Wall, double Cpu)> OursAsync(EmbeddedStore store, SearchQuery query, CancellationToken cancellationToken)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        await foreach (var _ in store.SearchAsync(query, cancellationToken))
        {
            // Only the time counts.
        }

        var wall = watch.Elapsed.TotalSeconds;
        self.Refresh();
        return (wall, (self.TotalProcessorTime - before).TotalSeconds);
    }

    // Prompts, answers with their checkpoints, tools that are called and what they put out, in lines of all lengths.
    public static async Task WriteAsync(EmbeddedStore store, IdSource ids, Random random, CancellationToken cancellationToken, int bytes = BytesOfSession)
    {
        await using var writer = await store.CreateAsync(
            ids.Next<SessionId>(), [new SessionCreated("/w", "skein", null, PermissionMode.Ask, null, null)], null, cancellationToken);
        var n = 0;
        for (var written = 0L; written < bytes;)
        {
            var turn = ids.Next<TurnId>();
            var (prompt, answer) = (ids.Next<MessageId>(), ids.Next<MessageId>());
            List<EventBody> events =
            [
                new MessageAdded(prompt, Role.User, MessageStatus.Completed, ++n, [new MessagePart(ids.Next<PartId>(), new TextPart(Words(random, 40)))], turn),
                new TurnStarted(turn, "skein", "scripted/any", PermissionMode.Ask),
                new MessageAdded(answer, Role.Assistant, MessageStatus.Pending, ++n, [], turn, "scripted/any"),
            ];
            var (part, said) = (ids.Next<PartId>(), Words(random, random.Next(20, 400)));
            for (var at = 0; at < said.Length; at += 400)
                events.Add(new PartStreamed(answer, part, StreamKind.Text, at, said.Substring(at, Math.Min(400, said.Length - at))));
            events.Add(new PartAdded(answer, part, new TextPart(said)));
            for (var call = 0; call < 3; call++)
            {
                var path = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["path"] = $"src/{random.Next(1000)}.cs" });
                events.Add(new PartAdded(answer, ids.Next<PartId>(), new ToolCallPart($"{call}", "read", path)));
                events.Add(new ToolStarted(answer, $"{call}", "read", "a file"));
                events.Add(new PartAdded(answer, ids.Next<PartId>(), new ToolResultPart($"{call}", Code(random, random.Next(5, 300)))));
                events.Add(new ToolFinished(answer, $"{call}", false, 3));
            }

            events.Add(new MessageCompleted(answer, StopReason.End, new Usage(1000, 200, 0, 0, 0), 0.01m));
            events.Add(new TurnCompleted(turn));
            await writer.AppendAsync(events, null, cancellationToken);
            written += events.Sum(e => e is PartAdded { Content: ToolResultPart r } ? r.Output.Length + 200 : 300) + (2 * said.Length);
        }
    }

    private static readonly string[] s_words =
    [
        "the", "session", "and", "it", "returns", "when", "a", "log", "is", "written", "test", "fails", "because", "of", "Null", "we", "should", "move",
        "this", "to", "another", "file", "reader", "naïve", "größer", "then", "build", "again", "with", "warnings", "as", "errors", "geese", "日本語", "\"quoted\"",
    ];

    private static string Words(Random random, int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
            text.Append(s_words[random.Next(s_words.Length)]).Append(i % 12 == 11 ? ".\n" : " ");
        if (random.Next(50) == 0)
            text.Append("a kestrel");
        return text.ToString();
    }

    private static string Code(Random random, int lines)
    {
        var text = new StringBuilder();
        for (var i = 0; i < lines; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i,6}\t    if (value{random.Next(100)} == \"{random.Next():x}\") return items[{i}].Where(x => x.Name != null);\n");
        return text.ToString();
    }

    private static double Ripgrep(string text, string folder)
    {
        var watch = Stopwatch.StartNew();
        using var rg = Process.Start(new ProcessStartInfo("rg", ["-i", "-c", "--no-config", text, folder]) { RedirectStandardOutput = true })!;
        rg.StandardOutput.ReadToEnd();
        rg.WaitForExit();
        return rg.ExitCode <= 1 ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"rg ended with {rg.ExitCode}.");
    }
}
