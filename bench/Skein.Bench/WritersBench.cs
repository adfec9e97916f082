using System.Collections.Concurrent;
using System.Diagnostics;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Bench;

/// <summary>
/// Sixty-four writers at once: durable appends to a session each, against the same lines written and flushed to sixty-four files by a
/// thread each, and against one journal for all, which is written and flushed once for whoever waits.
/// </summary>
internal static class WritersBench
{
    private const int Writers = 64;
    private const int Each = 250;
    private const int Rounds = 9;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        List<double> ours = [], files = [], journals = [];
        for (var round = 0; round < Rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
            try
            {
                ours.Add(await OursAsync(Path.Combine(folder, "home"), cancellationToken));
                var logs = Directory.GetFiles(Path.Combine(folder, "home", "sessions"), "*.jsonl", SearchOption.AllDirectories).Select(File.ReadAllBytes).ToArray();
                files.Add(Files(folder, logs));
                journals.Add(Journal(Path.Combine(folder, "journal"), logs));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var (seconds, raw, journal) = (Median.Of(ours), Median.Of(files), Median.Of(journals));
        const double total = Writers * Each;
        return
        [
            new Row("durable appends of 64 writers, a session each", $"{total / seconds:N0} a second", $"{total / raw:N0} of 64 raw files flushed side by side: {raw / seconds:0.00} of it", "≥ 0.6"),
            new Row("the same lines in one raw journal for all", $"{total / journal:N0} a second", $"{raw / journal:0.0} × the raw files", "decides (docs/decisions)"),
        ];
    }

    private static async Task<double> OursAsync(string home, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, cancellationToken);
        var ids = new IdSource(TimeProvider.System);
        var writers = new List<ISessionWriter>();
        for (var i = 0; i < Writers; i++)
            writers.Add(await store.CreateAsync(ids.Next<SessionId>(), [new SessionCreated("/w", "skein", null, PermissionMode.Ask, null, null)], null, cancellationToken));

        var text = new string('x', 200);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(writers.Select(writer => Task.Run(
            async () =>
            {
                var (message, part) = (ids.Next<MessageId>(), ids.Next<PartId>());
                for (var i = 0; i < Each; i++)
                    await writer.AppendAsync([new PartStreamed(message, part, StreamKind.Text, i * 200, text)], null, cancellationToken);
            },
            cancellationToken)));
        var seconds = watch.Elapsed.TotalSeconds;
        foreach (var writer in writers)
            await writer.DisposeAsync();
        return seconds;
    }

    private static double Files(string folder, byte[][] logs) => OnThreads(logs, (log, i) =>
    {
        using var file = new BareFile(Path.Combine(folder, $"raw-{i}"));
        foreach (var line in BareFile.LinesOf(log))
            file.Append(line.Span);
    });

    // Each writer has one line under way, as a session has; the journal's own thread takes all that wait, writes them and flushes once.
    private static double Journal(string path, byte[][] logs)
    {
        using var file = new BareFile(path);
        using var waiting = new BlockingCollection<(ReadOnlyMemory<byte> Line, ManualResetEventSlim Done)>();
        var writing = new Thread(() =>
        {
            var batch = new List<(ReadOnlyMemory<byte> Line, ManualResetEventSlim Done)>();
            while (waiting.TryTake(out var first, Timeout.Infinite))
            {
                batch.Clear();
                batch.Add(first);
                while (waiting.TryTake(out var next))
                    batch.Add(next);
                file.Append(batch.ConvertAll(b => b.Line));
                foreach (var (_, done) in batch)
                    done.Set();
            }
        });
        writing.Start();
        var seconds = OnThreads(logs, (log, _) =>
        {
            using var done = new ManualResetEventSlim();
            foreach (var line in BareFile.LinesOf(log))
            {
                waiting.Add((line, done));
                done.Wait();
                done.Reset();
            }
        });
        waiting.CompleteAdding();
        writing.Join();
        return seconds;
    }

    private static double OnThreads(byte[][] logs, Action<byte[], int> work)
    {
        var threads = logs.Select((log, i) => new Thread(() => work(log, i))).ToList();
        var watch = Stopwatch.StartNew();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        return watch.Elapsed.TotalSeconds;
    }
}
