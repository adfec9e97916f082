using System.Diagnostics;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Store;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>A session of 50,000 messages in a log of 100 MB, and a tool that prints 20 MB: everything a person does with it.</summary>
internal static class HugeBench
{
    private const int Turns = 25_000;
    private const int Page = 50;
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var program = new PublishedProgram();
        program.Environment["OPENAI_BASE_URL"] = model.OpenAiAddress;
        program.Environment["OPENAI_API_KEY"] = "none";
        var (session, messages) = await FillAsync(program, cancellationToken);
        var log = Directory.GetFiles(program.Home, $"{session}.jsonl", SearchOption.AllDirectories).Single();
        List<Row> rows = [await VerifyAsync(program.Home, log, cancellationToken)];

        // This process's client is compiled as it runs, which the program's is not: another server has it compiled, so that the first page is the server's.
        await using (var warming = await program.ServeAsync(cancellationToken))
            await warming.ListMessagesAsync(session, null, Page, cancellationToken);
        await program.StopServerAsync();

        await using var client = await program.ServeAsync(cancellationToken);
        await client.ListAsync(new SessionQuery(), cancellationToken);
        var idle = program.ServerMemory();
        var size = $"{new FileInfo(log).Length / 1e6:0} MB";

        var (first, later) = await TimeAsync(() => client.ListMessagesAsync(session, null, Page, cancellationToken));
        rows.Add(new Row($"a log of {size}: the newest {Page} messages after the server's start; again", $"{first:0.000} s; {later:0.000} s", "", "≤ 0.1 s"));
        (first, later) = await TimeAsync(() => PromptAsync(client, session, model, new StreamedAnswer(new Said("So it is.")), cancellationToken));
        rows.Add(new Row("a prompt, to the end of its turn: the first takes the session over and verifies it; the next", $"{first:0.000} s; {later:0.000} s", "", ""));
        (first, later) = await TimeAsync(() => PromptAsync(
            client, session, model, new StreamedAnswer(new Called("call", "bash", """{"command":"head -c 20000000 /dev/zero | tr '\\0' x"}""")), cancellationToken));
        rows.Add(new Row("one whose tool prints 20 MB; the next such", $"{first:0.000} s; {later:0.000} s", "", ""));
        var at = 0;
        (first, later) = await TimeAsync(() => client.ForkAsync(session, new ForkRequest(messages[at += messages.Count / 10]), cancellationToken));
        rows.Add(new Row("a fork at a message in the middle: the first; the next", $"{first:0.000} s; {later:0.000} s", "", ""));
        (first, later) = await TimeAsync(() => client.GetMessageAsync(session, messages[at -= 1000], cancellationToken));
        rows.Add(new Row("a message by its id", $"{first:0.000} s; {later:0.000} s", "", ""));
        rows.Add(new Row("the server's memory after all of it, and at its highest", $"{program.ServerMemory():0} MiB, {program.ServerPeak():0} MiB", $"idle: {idle:0} MiB", "bounded"));
        return rows;
    }

    // What a plain loop over the same file takes that checks every checksum and parses every line.
    private static async Task<Row> VerifyAsync(string home, string log, CancellationToken cancellationToken)
    {
        List<double> ours = [], bare = [];
        for (var round = -1; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            var report = StoreCheck.Run(home, null, cancellationToken);
            if (round >= 0)
                ours.Add(watch.Elapsed.TotalSeconds);
            if (report.Findings.Any(f => f.IsLoss))
                throw new InvalidOperationException($"{report.Findings[0].Place}: {report.Findings[0].What}");

            watch.Restart();
            using var file = PlainFile.Open(new Disk(), log);
            using var lines = new LineReader(file, 0, file.Length);
            while (lines.TryRead(out var line))
            {
                var reader = new Utf8JsonReader(line);
                if (!LogLine.TryOpen(line, out _, out _) || !JsonDocument.TryParseValue(ref reader, out var parsed))
                    throw new InvalidOperationException("The log is damaged.");
                parsed.Dispose();
            }

            if (round >= 0)
                bare.Add(watch.Elapsed.TotalSeconds);
        }

        await Task.CompletedTask;
        var (own, loop) = (Median.Of(ours), Median.Of(bare));
        return new Row("full verification of the home", $"{own:0.00} s", $"reading, checksums and parsing in a bare loop: {loop:0.00} s: {own / loop:0.0} ×", "≤ 3 ×");
    }

    /// <returns>Seconds of the first, and of a later one.</returns>
    private static async Task<(double First, double Later)> TimeAsync(Func<Task> work)
    {
        List<double> times = [];
        for (var round = 0; round <= Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            await work();
            times.Add(watch.Elapsed.TotalSeconds);
        }

        return (times[0], Median.Of(times.Skip(1)));
    }

    private static async Task PromptAsync(
        SkeinClient client, SessionId session, ModelServer model, StreamedAnswer answer, CancellationToken cancellationToken)
    {
        model.Enqueue(answer);
        if (answer.Parts.OfType<Called>().Any())
            model.Enqueue(new StreamedAnswer(new Said("Done.")));
        var accepted = await client.PromptAsync(session, new PromptRequest("And now?"), cancellationToken, key: Guid.NewGuid().ToString());
        await foreach (var frame in client.FollowAsync(session, accepted.Seq, cancellationToken))
        {
            if (frame is EventFrame { Event.Body: TurnFailed failed })
                throw new InvalidOperationException(failed.Message);
            if (frame is EventFrame { Event.Body: ToolFinished { IsError: true } finished })
                throw new InvalidOperationException($"{finished.CallId} failed: the figure would be worth nothing.");
            if (frame is EventFrame { Event.Body: TurnCompleted })
                return;
        }
    }

    private static async Task<(SessionId Session, IReadOnlyList<MessageId> Messages)> FillAsync(PublishedProgram program, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.OpenAsync(program.Home, new EmbeddedStoreOptions(Durability.Relaxed), TimeProvider.System, cancellationToken);
        var ids = new IdSource(TimeProvider.System);
        var session = ids.Next<SessionId>();
        await using var writer = await store.CreateAsync(
            session, [new SessionCreated(program.Workspace, "skein", "openai/any", PermissionMode.Auto, "Huge")], null, cancellationToken);
        List<MessageId> messages = [];
        var output = string.Concat(Enumerable.Repeat("   12\t    if (value == null) return items.Where(x => x.Name != null);\n", 20));
        for (var n = 0; n < Turns; n++)
        {
            var (turn, prompt, answer) = (ids.Next<TurnId>(), ids.Next<MessageId>(), ids.Next<MessageId>());
            await writer.AppendAsync(
                [
                    new TurnStarted(turn, "skein", "scripted/any", PermissionMode.Ask),
                    new MessageAdded(prompt, Role.User, MessageStatus.Completed, (2 * n) + 1, [new MessagePart(ids.Next<PartId>(), new TextPart($"Prompt {n}: why does the test fail, and what is to be done?"))], turn),
                    new MessageAdded(answer, Role.Assistant, MessageStatus.Pending, (2 * n) + 2, [], turn, "scripted/any"),
                    new PartAdded(answer, ids.Next<PartId>(), new ToolCallPart("1", "read", JsonElement.Parse("""{"path":"src/program.cs"}"""))),
                    new PartAdded(answer, ids.Next<PartId>(), new ToolResultPart("1", output)),
                    new PartAdded(answer, ids.Next<PartId>(), new TextPart($"Answer {n}: since a value is missing that the other method takes for granted.")),
                    new MessageCompleted(answer, StopReason.End, new Usage(1000, 200)),
                    new TurnCompleted(turn),
                ],
                new Cause("cli", $"key-{n}"), cancellationToken);
            messages.AddRange([prompt, answer]);
        }

        return (session, messages);
    }
}
