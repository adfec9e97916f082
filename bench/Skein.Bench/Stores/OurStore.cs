using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Store;

namespace Skein.Bench.Stores;

/// <summary>Skein's store, asked what the others are: through the kernel in this process, or through the API of a server.</summary>
internal sealed record OurStore(
    Func<NewSession, Task<SessionView>> CreateAsync,
    Func<SessionId, NewMessage, Task> AddAsync,
    Func<SessionId, long?, int, Task<MessagePage>> ReadAsync,
    Func<SessionQuery, Task<SessionPage>> ListAsync,
    Func<SessionId, Task> ForkAsync)
{
    private const int Rounds = 5;
    private const int MostOfPage = 1000;
    private const int Growing = 1000;

    /// <summary>Fills a home: 1,000 and 10,000 sessions in a folder each, and the whole conversation in one session, each of its messages flushed, but none waited for.</summary>
    /// <returns>The long session, and how many of its messages were durable a second.</returns>
    public static async Task<(SessionId Long, double Together)> FillAsync(
        string home, string few, string many, IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        await ManySessions.FillAsync(home, 1000, _ => few, cancellationToken);
        await ManySessions.FillAsync(home, 10_000, _ => many, cancellationToken);
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, cancellationToken);
        return await WriteAsync(store, home, conversation, cancellationToken);
    }

    /// <summary>How large the log of the conversation is once its session rests: compressed, as the store does it by itself after a while.</summary>
    public static async Task<long> RestingBytesAsync(string home, IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        var options = new EmbeddedStoreOptions(Durability.Relaxed, new PackingRules(TimeSpan.Zero));
        await using var store = await EmbeddedStore.OpenAsync(home, options, TimeProvider.System, cancellationToken);
        await WriteAsync(store, home, conversation, cancellationToken);
        var collected = await store.CollectAsync(cancellationToken);
        Require(collected.Compressed.Files, 1);
        return Directory.EnumerateFiles(Path.Combine(home, "sessions"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
    }

    private static async Task<(SessionId Long, double Together)> WriteAsync(
        EmbeddedStore store, string home, IReadOnlyList<Said> conversation, CancellationToken cancellationToken)
    {
        var ids = new IdSource(TimeProvider.System);
        await using var writer = await store.CreateAsync(ids.Next<SessionId>(), [new SessionCreated(home, "skein", null, PermissionMode.Ask, "long")], null, cancellationToken);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(conversation.Select((said, i) => writer.AppendAsync(
            [new MessageAdded(ids.Next<MessageId>(), said.Who, MessageStatus.Completed, i + 1, [new MessagePart(ids.Next<PartId>(), new TextPart(said.Text))])],
            null, cancellationToken).AsTask()));
        return (writer.Session, conversation.Count / watch.Elapsed.TotalSeconds);
    }

    public async Task<StoreFigures> MeasureAsync(
        string home, string workspace, string few, string many, SessionId whole, IReadOnlyList<Said> conversation)
    {
        var first = Stopwatch.StartNew();
        await CountSessionsAsync(many);
        var firstList = first.Elapsed.TotalSeconds;

        var (added, raw) = (new List<double>(), new List<double>());
        SessionId growing = default;
        for (var round = 0; round < Rounds; round++)
        {
            growing = (await CreateAsync(new NewSession(workspace))).Session.Id;
            var watch = Stopwatch.StartNew();
            foreach (var said in conversation.Take(Growing))
                await AddAsync(growing, new NewMessage(said.Who, [new TextPart(said.Text)]));
            added.Add(Growing / watch.Elapsed.TotalSeconds);
            raw.Add(Raw(home, conversation));
        }

        var newest = await MedianAsync(async () => Require((await ReadAsync(whole, null, 100)).Items.Count, 100));
        var open = await MedianAsync(async () => Require(await CountMessagesAsync(whole), conversation.Count));
        var listFew = await MedianAsync(async () => Require(await CountSessionsAsync(few), 1000));
        var listMany = await MedianAsync(async () => Require(await CountSessionsAsync(many), 10_000));
        var fork = await MedianAsync(() => ForkAsync(growing));
        var log = Directory.GetFiles(Path.Combine(home, "sessions"), $"{whole}.jsonl", SearchOption.AllDirectories).Single();
        return new StoreFigures(Median.Of(added), Median.Of(raw), newest, open, listFew, listMany, firstList, fork, new FileInfo(log).Length);
    }

    // The disk's own limit: the same messages, written and flushed one after another.
    private static double Raw(string home, IReadOnlyList<Said> conversation)
    {
        var file = Path.Combine(home, Path.GetRandomFileName());
        try
        {
            var lines = conversation.Take(Growing).Select(said => JsonSerializer.Serialize(said, JsonSerializerOptions.Web) + "\n");
            return Growing / AppendBench.Raw(file, Encoding.UTF8.GetBytes(string.Concat(lines)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<int> CountMessagesAsync(SessionId session)
    {
        var page = await ReadAsync(session, null, MostOfPage);
        var count = page.Items.Count;
        while (page.Before is { } before)
        {
            page = await ReadAsync(session, before, MostOfPage);
            count += page.Items.Count;
        }

        return count;
    }

    private async Task<int> CountSessionsAsync(string workspace)
    {
        var query = new SessionQuery(workspace, Limit: MostOfPage);
        var count = 0;
        do
        {
            var page = await ListAsync(query);
            count += page.Items.Count;
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);

        return count;
    }

    private static async Task<double> MedianAsync(Func<Task> work)
    {
        List<double> all = [];
        for (var round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            await work();
            all.Add(watch.Elapsed.TotalSeconds);
        }

        return Median.Of(all);
    }

    private static void Require(int found, int expected)
    {
        if (found != expected)
            throw new InvalidOperationException($"{found} were found instead of {expected}: the figure would be worth nothing.");
    }
}
