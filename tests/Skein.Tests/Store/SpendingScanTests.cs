using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Spending;

namespace Skein.Tests.Store;

/// <summary>What was paid is found among the bytes of logs, as reading every event finds it.</summary>
public sealed class SpendingScanTests : CompressedTests
{
    private static readonly IReadOnlyList<string> s_texts = ["geese", "\"type\":\"message.completed\"", "{\"seq\":1,\"at\":\"", "日本語\n"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_log_tells_the_same_calls_as_all_of_its_events_plain_and_compressed(int seed)
    {
        var bodies = new RandomLog(seed, s_texts).Events(400).Skip(1).Select(e => e.Body).ToList();
        var ended = bodies.OfType<TurnStarted>().Select(t => new TurnCompleted(t.Turn));
        var session = await MakeAsync([.. bodies.Concat(ended).Chunk(40)]);
        var expected = new List<PaidCall>();
        await using (var store = await OpenAsync())
        {
            var fold = new SpendingFold((await store.FindAsync(session, Cancellation))!.Agent);
            foreach (var e in await ReadAsync(store, session))
            {
                if (fold.Add(e) is { } call)
                    expected.Add(call);
            }

            var plain = Assert.Single(await SpendingAsync(store));
            Assert.NotEmpty(expected);
            Assert.Equal(expected, plain.Calls);
            Assert.Null(plain.Fault);
        }

        await CompressAsync();
        AssertIsCompressed(session);
        await using var compressing = await OpenCompressingAsync();
        Assert.Equal(expected, Assert.Single(await SpendingAsync(compressing)).Calls);
    }

    [Fact]
    public async Task What_is_appended_counts_at_once_and_a_fork_has_its_own_alone()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await writer.AppendAsync(Some.WholeTurn(1), null, Cancellation);
        var origin = (await store.FindAsync(writer.Session, Cancellation))!;
        await using var fork = await store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(origin, writer.LastSeq, new Segment(origin.Id, writer.LastSeq))], null, Cancellation);
        await fork.AppendAsync([new ModelCalled("title", "maker/small", new Usage(7, 1), 0.5m)], null, Cancellation);

        var spent = (await SpendingAsync(store)).ToDictionary(s => s.Session, s => s.Calls.Select(c => (c.Model, c.Cost)));

        Assert.Equal([("scripted/any", 0.25m)], spent[origin.Id]);
        Assert.Equal([("maker/small", 0.5m)], spent[fork.Session]);
    }

    [Fact]
    public async Task A_damaged_line_that_may_have_been_paid_for_is_told_and_hides_no_other()
    {
        var session = await MakeAsync(Some.WholeTurn(1), Some.WholeTurn(3));
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        var damaged = bytes.AsSpan().IndexOf("\"cost\":0.25"u8);
        bytes[damaged + 10] = (byte)'9';
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);
        await using var store = await OpenAsync();

        var spent = Assert.Single(await SpendingAsync(store));

        Assert.Equal([0.25m], spent.Calls.Select(c => c.Cost));
        Assert.Contains("is damaged at byte", spent.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_elsewhere_or_too_old_are_not_opened()
    {
        var session = await MakeAsync(Some.WholeTurn(1));
        await using var store = await OpenAsync();

        Assert.Empty(await SpendingAsync(store, new SpendingQuery(Workspace: "/elsewhere")));
        Assert.Empty(await SpendingAsync(store, new SpendingQuery(Since: DateTimeOffset.MaxValue)));
        Assert.Equal([session], (await SpendingAsync(store, new SpendingQuery(Workspace: "/work", Since: DateTimeOffset.MinValue))).Select(s => s.Session));
    }

    private static async Task<IReadOnlyList<SessionSpending>> SpendingAsync(Skein.Store.EmbeddedStore store, SpendingQuery? query = null) =>
        await store.ReadSpendingAsync(query ?? new SpendingQuery(), Cancellation).ToListAsync(Cancellation);
}
