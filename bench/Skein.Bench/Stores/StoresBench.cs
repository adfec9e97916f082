using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;
using Skein.Store;
using Skein.Testing;

namespace Skein.Bench.Stores;

/// <summary>One message of the conversation that every store is given.</summary>
internal sealed record Said(string Role, string Text)
{
    public Role Who => Role == "user" ? Core.Role.User : Core.Role.Assistant;
}

/// <summary>The stores that people have today, from npm, asked the same of the same conversation in the same run. Skein flushes each message, the others none.</summary>
internal static class StoresBench
{
    private static readonly string[] s_words =
        ["the", "session", "and", "it", "returns", "when", "a", "log", "is", "written", "test", "fails", "because", "of", "größer", "then", "build", "日本語", "\"quoted\"", "again\n"];

    /// <returns>The rows, each when it is measured.</returns>
    public static async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await NodeStore.InstallAsync(cancellationToken);
        var conversation = Conversation();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(conversation, JsonSerializerOptions.Web), cancellationToken);
            var (inside, together) = await InProcessAsync(conversation, cancellationToken);
            var resting = await RestingAsync(conversation, cancellationToken);
            yield return new Row(
                "messages added one after another, against the disk's own limit, a bare loop of write and flush", PerSecond(inside.Added),
                string.Create(CultureInfo.InvariantCulture, $"{PerSecond(inside.Raw)}: {inside.Added / inside.Raw:0.00} of it"), "≥ 0.75 of it");
            yield return new Row("the first list of 10,000 sessions after a start", Milliseconds(inside.FirstList), "", "");
            await foreach (var row in CompareAsync("pi", "npm-bench", file, inside, together, resting, cancellationToken))
                yield return row;
            await foreach (var row in CompareAsync("nanocoder", "npm-bench", file, inside, together, resting, cancellationToken))
                yield return row;
            var served = await ServedAsync(conversation, cancellationToken);
            yield return new Row("the first list of 10,000 sessions after a start, over HTTP", Milliseconds(served.FirstList), "", "");
            await foreach (var row in CompareAsync("opencode", "npm", file, served, null, resting, cancellationToken))
                yield return row;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <param name="together">Messages a second that nobody waits for before the next; null: not measured.</param>
    /// <param name="resting">Bytes of the conversation once its session rests.</param>
    private static async IAsyncEnumerable<Row> CompareAsync(
        string who, string modules, string conversation, StoreFigures ours, double? together, long resting, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (name, value) in NodeStore.MeasureAsync(who, modules, conversation, cancellationToken))
        {
            var theirs = value ?? double.NaN;
            yield return name switch
            {
                "added" => Quicker($"{who}: messages added one after another: ours bound by the disk's flush of each, theirs by none", ours.Added, theirs),
                "open" => Shorter($"{who}: all messages of a session of 10,000 read", ours.Open, theirs),
                "bytes" => Smaller($"{who}: bytes on the disk, 10,000 messages, while the session is worked on", ours.Bytes, theirs),
                "list1000" => Shorter($"{who}: 1,000 sessions listed", ours.List1000, theirs),
                "list10000" => Shorter($"{who}: 10,000 sessions listed", ours.List10000, theirs),
                "fork" when value is null => new Row($"{who}: a session of 1,000 messages forked", Milliseconds(ours.Fork), "has no forks", ""),
                "fork" => Shorter($"{who}: a session of 1,000 messages forked", ours.Fork, theirs),
                _ => throw new InvalidOperationException($"{who} told of '{name}', which is no figure."),
            };
            if (name == "added" && together is { } all)
                yield return Quicker($"{who}: messages added, the throughput: ours each flushed before it is acknowledged, none waited for before the next", all, theirs);
            if (name == "bytes")
                yield return Smaller($"{who}: the same once it rests, compressed by the store itself", resting, theirs);
            if (name == "open")
                yield return Shorter($"{who}: a session of 10,000 messages opened: its newest 100, against all", ours.Newest, theirs);
        }
    }

    private static Row Quicker(string what, double ours, double theirs) => new(
        what, PerSecond(ours), string.Create(CultureInfo.InvariantCulture, $"{PerSecond(theirs)}, none flushed: {ours / theirs:0.00} × as many"), "≥ 1 ×");

    private static Row Shorter(string what, double ours, double theirs) =>
        new(what, Milliseconds(ours), string.Create(CultureInfo.InvariantCulture, $"{Milliseconds(theirs)}: {theirs / ours:0.00} × as fast"), "≥ 1 ×");

    private static Row Smaller(string what, double ours, double theirs) =>
        new(what, Megabytes(ours), string.Create(CultureInfo.InvariantCulture, $"{Megabytes(theirs)}: {ours / theirs:0.00} ×"), "≤ 1 ×");

    private static string PerSecond(double count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} a second");

    private static string Milliseconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms");

    private static string Megabytes(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    private static async Task<long> RestingAsync(IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        var home = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            return await OurStore.RestingBytesAsync(home, conversation, cancellationToken);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task<(StoreFigures Figures, double Together)> InProcessAsync(IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            var home = Path.Combine(folder, "home");
            var (whole, together) = await OurStore.FillAsync(home, ManySessions.Folder(1), ManySessions.Folder(2), conversation, cancellationToken);
            await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, cancellationToken);
            await using var sessions = new Sessions(
                store, new AgentKinds([ScriptedAgent.Echo()]), new SessionsOptions("scripted", null, PermissionMode.Ask, "here"), TimeProvider.System, NullLogger.Instance);
            var by = new Cause("bench");
            var ours = new OurStore(
                request => sessions.CreateAsync(request, by, cancellationToken),
                (session, message) => sessions.AddMessageAsync(session, message, by, cancellationToken),
                (session, before, limit) => sessions.ListMessagesAsync(session, before, limit, cancellationToken),
                query => sessions.ListAsync(query, cancellationToken),
                session => sessions.ForkAsync(session, new(), by, cancellationToken));
            return (await ours.MeasureAsync(home, folder, ManySessions.Folder(1), ManySessions.Folder(2), whole, conversation), together);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<StoreFigures> ServedAsync(IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        var (whole, _) = await OurStore.FillAsync(program.Home, ManySessions.Folder(1), ManySessions.Folder(2), conversation, cancellationToken);
        await using var client = await program.ServeAsync(cancellationToken);
        var ours = new OurStore(
            request => client.CreateAsync(request, cancellationToken),
            (session, message) => client.AddMessageAsync(session, message, cancellationToken),
            (session, before, limit) => client.ListMessagesAsync(session, before, limit, cancellationToken),
            query => client.ListAsync(query, cancellationToken),
            session => client.ForkAsync(session, new(), cancellationToken));
        return await ours.MeasureAsync(program.Home, program.Workspace, ManySessions.Folder(1), ManySessions.Folder(2), whole, conversation);
    }

    // The same at each run.
    private static List<Said> Conversation()
    {
        var random = new Random(10);
        return [.. Enumerable.Range(0, 10_000).Select(i => new Said(
            i % 2 == 0 ? "user" : "assistant",
            string.Join(' ', Enumerable.Range(0, i % 2 == 0 ? random.Next(10, 40) : random.Next(40, 300)).Select(_ => s_words[random.Next(s_words.Length)]))))];
    }
}
