using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class CatalogTests : EmbeddedTests
{
    private string Catalog => Path.Combine(Home, "catalog", "catalog.jsonl");

    [Fact]
    public async Task A_start_reads_no_log_that_the_catalog_knows()
    {
        var sessions = new List<SessionId>();
        for (var i = 0; i < 5; i++)
            sessions.Add(await MakeAsync([.. Some.WholeTurn(1)]));
        var before = Disk.Count(DiskCall.Read, ".jsonl") - Disk.Count(DiskCall.Read, "catalog.jsonl");

        await using var store = await OpenAsync();
        var page = await store.ListAsync(new SessionQuery(), Cancellation);

        Assert.Equal(5, page.Items.Count);
        Assert.Equal(before, Disk.Count(DiskCall.Read, ".jsonl") - Disk.Count(DiskCall.Read, "catalog.jsonl"));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("garbage")]
    [InlineData("cut")]
    [InlineData("flipped")]
    [InlineData("stale")]
    [InlineData("foreign")]
    public async Task Whatever_becomes_of_the_catalog_nothing_is_lost(string fate)
    {
        var first = await MakeAsync([.. Some.WholeTurn(1)]);
        var stale = await File.ReadAllBytesAsync(Catalog, Cancellation);
        var second = await MakeAsync([.. Some.WholeTurn(1)]);
        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(first, Cancellation);
            await writer.AppendAsync([Some.Titled("newer"), new SessionPinned(true)], null, Cancellation);
        }

        var rows = await RowsAsync();
        var bytes = await File.ReadAllBytesAsync(Catalog, Cancellation);
        byte[]? instead = fate switch
        {
            "missing" => null,
            "empty" => [],
            "garbage" => [.. Enumerable.Repeat((byte)0xFE, 5000)],
            "cut" => bytes[..^25],
            "flipped" => [.. bytes.Select((b, i) => i % 97 == 50 ? (byte)(b ^ 2) : b)],
            "stale" => stale,
            _ => [.. "{\"unknown\":1,\"crc\":\"00000000\"}\n"u8],
        };
        if (instead is null)
            Directory.Delete(Path.GetDirectoryName(Catalog)!, recursive: true);
        else
            await File.WriteAllBytesAsync(Catalog, instead, Cancellation);

        Assert.Equal(rows, await RowsAsync());
        Assert.Equal(rows, await RowsAsync());
        Assert.Equal([first, second], new[] { first, second }.Where(s => rows.Any(r => r.Contains(s.Value, StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(5000, "is missing")]
    [InlineData(25, "has a damaged line")]
    public async Task A_check_tells_of_a_catalog_that_is_missing_or_torn(int cut, string what)
    {
        await MakeAsync([.. Some.WholeTurn(1)]);
        var bytes = await File.ReadAllBytesAsync(Catalog, Cancellation);
        if (cut > bytes.Length)
            File.Delete(Catalog);
        else
            await File.WriteAllBytesAsync(Catalog, bytes[..^cut], Cancellation);

        var finding = Assert.Single(StoreCheck.Run(Home, null, Cancellation).Findings, f => f.Place == "catalog/catalog.jsonl");

        Assert.StartsWith(what, finding.What, StringComparison.Ordinal);
        Assert.False(finding.IsLoss);
    }

    [Fact]
    public async Task A_line_of_the_catalog_that_says_nothing_is_gone_after_the_next_start()
    {
        var session = await MakeAsync([Some.Titled("one")]);
        await MakeAsync([Some.Titled("two")]);
        var whole = await File.ReadAllBytesAsync(Catalog, Cancellation);
        await File.WriteAllBytesAsync(Catalog, [.. "garbage\n"u8, .. whole], Cancellation);
        Assert.Single(StoreCheck.Run(Home, null, Cancellation).Findings);

        await using (var store = await OpenAsync())
            Assert.Equal("one", (await store.FindAsync(session, Cancellation))!.Title);

        Assert.Empty(StoreCheck.Run(Home, null, Cancellation).Findings);
    }

    [Fact]
    public async Task A_log_that_was_put_back_from_a_backup_is_read_again()
    {
        var session = await MakeAsync([Some.Titled("old")]);
        var backup = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            await writer.AppendAsync([Some.Titled("new")], null, Cancellation);
        }

        await File.WriteAllBytesAsync(LogOf(session), backup, Cancellation);

        await using var again = await OpenAsync();
        Assert.Equal((2, "old"), (await again.FindAsync(session, Cancellation)) is { } row ? (row.Seq, row.Title) : default);
        await Assert.ThrowsAsync<CursorAheadException>(() => ReadAsync(again, session, after: 3));
    }

    [Fact]
    public async Task A_log_that_was_deleted_is_in_no_list()
    {
        var (gone, left) = (await MakeAsync(), await MakeAsync());
        File.Delete(LogOf(gone));

        await using var store = await OpenAsync();

        Assert.Null(await store.FindAsync(gone, Cancellation));
        Assert.Equal([left], (await store.ListAsync(new SessionQuery(), Cancellation)).Items.Select(s => s.Id));
    }

    [Fact]
    public async Task The_catalog_stays_small_however_often_sessions_are_opened()
    {
        var session = await MakeAsync([.. Some.WholeTurn(1)]);
        var once = new FileInfo(Catalog).Length;

        await using (var store = await OpenAsync(Skein.Store.Durability.Relaxed))
        {
            for (var i = 0; i < 1000; i++)
            {
                await using var writer = await store.OpenWriterAsync(session, Cancellation);
                await writer.AppendAsync([Some.Titled($"{i}")], null, Cancellation);
            }
        }

        Assert.InRange(new FileInfo(Catalog).Length, 1, 400 * once);
        await using var again = await OpenAsync();
        Assert.Equal("999", (await again.FindAsync(session, Cancellation))!.Title);
    }

    [Fact]
    public async Task What_a_crash_left_half_made_is_removed_at_the_start()
    {
        var session = await MakeAsync();
        var (log, blob) = (Path.ChangeExtension(LogOf(session), ".jsonl.new"), Path.Combine(Home, "blobs", ".incoming-7"));
        await File.WriteAllTextAsync(log, "{", Cancellation);
        await File.WriteAllTextAsync(blob, "half", Cancellation);

        await using var store = await OpenAsync();

        Assert.False(File.Exists(log) || File.Exists(blob));
        Assert.True(File.Exists(LogOf(session)));
        Assert.Empty(store.Damaged);
    }

    [Fact]
    public async Task A_catalog_of_many_megabytes_is_read_in_the_order_it_was_written_in()
    {
        await using (var store = await OpenAsync(Skein.Store.Durability.Relaxed))
        {
            for (var i = 0; i < 40; i++)
            {
                await using var writer = await CreateAsync(store);
                await writer.AppendAsync([Some.Titled($"{i} {new string('t', 80_000)}")], null, Cancellation);
            }

            // What a catalog says later counts.
            foreach (var row in (await store.ListAsync(new SessionQuery(Limit: 1000), Cancellation)).Items)
            {
                await using var writer = await store.OpenWriterAsync(row.Id, Cancellation);
                await writer.AppendAsync([Some.Titled($"{row.Title} again")], null, Cancellation);
            }
        }

        Assert.InRange(new FileInfo(Catalog).Length, 6_000_000, long.MaxValue);
        var reads = Disk.Count(DiskCall.Read, ".jsonl") - Disk.Count(DiskCall.Read, "catalog.jsonl");
        await using var again = await OpenAsync();

        var titles = (await again.ListAsync(new SessionQuery(Limit: 1000), Cancellation)).Items.Select(s => s.Title).ToList();
        Assert.Equal(40, titles.Count);
        Assert.All(titles, title => Assert.EndsWith(" again", title, StringComparison.Ordinal));
        Assert.Equal(reads, Disk.Count(DiskCall.Read, ".jsonl") - Disk.Count(DiskCall.Read, "catalog.jsonl"));
    }

    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        await using var store = await OpenAsync();
        return [.. (await store.ListAsync(new SessionQuery(), Cancellation)).Items.Select(Some.Text)];
    }
}
