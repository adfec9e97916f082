using System.Diagnostics;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Bench;

/// <summary>Durable appends to one session, against a bare loop that writes and flushes the same bytes to one file.</summary>
internal static class AppendBench
{
    private const int Events = 1000;
    private const int Rounds = 15;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        List<double> ours = [], raws = [];
        for (var round = 0; round < Rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
            try
            {
                ours.Add(await OursAsync(Path.Combine(folder, "home"), cancellationToken));
                var log = Directory.GetFiles(Path.Combine(folder, "home", "sessions"), "*.jsonl", SearchOption.AllDirectories).Single();
                raws.Add(Raw(Path.Combine(folder, "raw"), File.ReadAllBytes(log)));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var (seconds, raw) = (Median.Of(ours), Median.Of(raws));
        return [new Row("durable appends to one session", $"{Events / seconds:N0} a second", $"{Events / raw:N0} raw write + flush a second: {seconds / raw:0.00} ×", "≤ 1.3 ×")];
    }

    private static async Task<double> OursAsync(string home, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, cancellationToken);
        var ids = new IdSource(TimeProvider.System);
        await using var writer = await store.CreateAsync(
            ids.Next<SessionId>(), [new SessionCreated("/w", "skein", null, PermissionMode.Ask, null, null)], null, cancellationToken);

        var (message, part) = (ids.Next<MessageId>(), ids.Next<PartId>());
        var text = new string('x', 200);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Events; i++)
            await writer.AppendAsync([new PartStreamed(message, part, StreamKind.Text, i * 200, text)], null, cancellationToken);
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>Writes the lines into a new file, each flushed before the next.</summary>
    /// <returns>Seconds.</returns>
    public static double Raw(string path, byte[] log)
    {
        using var file = new BareFile(path);
        var lines = BareFile.LinesOf(log).ToList();
        var watch = Stopwatch.StartNew();
        foreach (var line in lines)
            file.Append(line.Span);

        return watch.Elapsed.TotalSeconds;
    }
}
