using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>Random work on the store, its catalog cut, flipped, put back or taken away between starts: every question about sessions is answered as by rows that are simply kept.</summary>
public sealed class CatalogModelTests : EmbeddedTests
{
    private const int Seeds = 12;
    private const int Steps = 120;

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Seeds)];

    private string Catalog => Path.Combine(Home, "catalog", "catalog.jsonl");

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public async Task Lists_are_those_of_the_rows_after_any_work_and_whatever_becomes_of_the_catalog(int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<SessionId, Session>();
        var store = await OpenFewAtHandAsync();
        var older = Array.Empty<byte>();
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                var any = model.Count == 0 ? (SessionId?)null : model.Keys.ElementAt(random.Next(model.Count));
                switch (random.Next(8))
                {
                    case 0 or 1 when model.Count < 30:
                        await MakeAsync(store, model, Created(random, any));
                        break;
                    case 2 when any is { } origin && model.Count < 30:
                        await MakeAsync(store, model, Some.Forked(model[origin], model[origin].Seq, [.. model[origin].Segments, new Segment(origin, model[origin].Seq)]));
                        break;
                    case 3 when any is { } trashed && model[trashed].TrashedAt is not null:
                        await store.PurgeAsync(trashed, Cancellation);
                        model.Remove(trashed);
                        break;
                    case 4:
                        await store.CollectAsync(Cancellation);
                        break;
                    case 5 when random.Next(3) == 0:
                        await store.DisposeAsync();
                        var whole = await File.ReadAllBytesAsync(Catalog, Cancellation);
                        if (Harmed(random, whole, older) is { } harmed)
                            await File.WriteAllBytesAsync(Catalog, harmed, Cancellation);
                        else
                            File.Delete(Catalog);
                        older = whole;
                        store = await OpenFewAtHandAsync();
                        break;
                    default:
                        if (any is { } session)
                            model[session] = await AppendAsync(store, session, Change(random));
                        break;
                }

                await AssertSameAsync(store, model, random);
            }
        }
        finally
        {
            await store.DisposeAsync();
        }
    }

    private Task<EmbeddedStore> OpenFewAtHandAsync() =>
        EmbeddedStore.OpenAsync(Home, new EmbeddedStoreOptions(Durability.Relaxed) { RowsAtHand = 3 }, TimeProvider.System, Disk, Cancellation);

    private static async Task MakeAsync(EmbeddedStore store, Dictionary<SessionId, Session> model, EventBody first)
    {
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [first], Some.By, Cancellation);
        model[writer.Session] = (await store.FindAsync(writer.Session, Cancellation))!;
    }

    private static async Task<Session> AppendAsync(EmbeddedStore store, SessionId session, EventBody change)
    {
        await using var writer = await store.OpenWriterAsync(session, Cancellation);

        // Others' rows take the place of those that were at hand, but not of one that is written.
        await store.ListAsync(new SessionQuery(Archived: null), Cancellation);
        await writer.AppendAsync([change], null, Cancellation);
        return (await store.FindAsync(session, Cancellation))!;
    }

    private static SessionCreated Created(Random random, SessionId? parent) =>
        Some.Created($"/work/{random.Next(4)}", title: Title(random)) with { Parent = random.Next(3) == 0 ? parent : null };

    private static EventBody Change(Random random) => random.Next(7) switch
    {
        0 => new SessionArchived(),
        1 => new SessionUnarchived(),
        2 => new SessionTrashed(),
        3 => new SessionRestored(),
        4 => new AgentLinked("agent", $"own-{random.Next(3)}"),
        5 => Some.Message(new string('m', random.Next(2000))),
        _ => Some.Titled(Title(random)),
    };

    private static string Title(Random random) => $"{(random.Next(2) == 0 ? "Gänse \"und\" 雁" : "Geese")} {random.Next(5)}{new string('!', random.Next(4) == 0 ? 300 : 0)}";

    private static byte[]? Harmed(Random random, byte[] whole, byte[] older) => random.Next(6) switch
    {
        0 => null,
        1 => whole[..random.Next(whole.Length + 1)],
        2 => older,
        3 => [.. whole.Select((b, i) => i % 211 == 7 ? (byte)(b ^ 1) : b)],
        4 => [.. whole[..(whole.Length / 2)], .. "garbage\n"u8, .. whole[(whole.Length / 2)..]],
        _ => whole,
    };

    private static async Task AssertSameAsync(EmbeddedStore store, Dictionary<SessionId, Session> model, Random random)
    {
        var any = model.Values.ElementAtOrDefault(random.Next(Math.Max(1, model.Count)));
        var query = new SessionQuery(Limit: 1 + random.Next(12), Trashed: random.Next(4) == 0, Archived: random.Next(2) == 0 ? null : random.Next(2) == 0);
        query = random.Next(6) switch
        {
            0 => query with { Workspace = any?.Workspace },
            1 => query with { Parent = any?.Parent },
            2 => query with { AgentSession = any?.AgentSession },
            3 => query with { TitleStart = any?.Title[..random.Next(any.Title.Length)] },
            4 => query with { Status = any?.Status, Agent = any?.Agent },
            _ => query,
        };

        var found = new List<Session>();
        for (SessionPage? page = null; page is null || page.Next is not null;)
        {
            page = await store.ListAsync(query with { Cursor = page?.Next }, Cancellation);
            found.AddRange(page.Items);
        }

        var expected = model.Values
            .Where(s => s.TrashedAt is not null == query.Trashed && (query.Archived is null || s.Archived == query.Archived)
                && (query.Workspace is null || s.Workspace == query.Workspace) && (query.Parent is null || s.Parent == query.Parent)
                && (query.AgentSession is null || s.AgentSession == query.AgentSession) && (query.Status is null || s.Status == query.Status)
                && (query.TitleStart is null || s.Title.StartsWith(query.TitleStart, StringComparison.Ordinal)))
            .OrderByDescending(s => s.UpdatedAt).ThenBy(s => s.Id.Value, StringComparer.Ordinal);
        Assert.Equal(expected.Select(Some.Text), found.Select(Some.Text));
        Assert.Empty(store.Damaged);
    }
}
