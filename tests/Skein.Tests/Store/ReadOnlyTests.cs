using System.Security.Cryptography;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>Reading never writes, whatever it finds; taking over mends, and tells what it found.</summary>
public sealed class ReadOnlyTests : EmbeddedTests
{
    [Fact]
    public async Task No_call_that_reads_changes_a_byte_of_a_home_in_which_much_is_wrong()
    {
        var (session, fork, blob) = await MakeWrongAsync();
        await using var store = await OpenAsync();
        var calls = new Dictionary<string, Func<Task>>
        {
            ["read"] = async () => await ReadAsync(store, session),
            ["read back"] = async () => await ReadBackAsync(store, session),
            ["read a fork"] = async () => await ReadAsync(store, fork),
            ["find"] = async () => await store.FindAsync(session, Cancellation),
            ["find by key"] = async () => await store.FindByKeyAsync("none", Cancellation),
            ["list"] = async () => await store.ListAsync(new SessionQuery(Archived: null), Cancellation),
            ["list the trash"] = async () => await store.ListAsync(new SessionQuery(Trashed: true), Cancellation),
            ["search"] = async () => Assert.NotEmpty(await store.SearchAsync(new SearchQuery("needle"), Cancellation).ToListAsync(Cancellation)),
            ["find a blob"] = async () => Assert.Null(await store.FindBlobAsync(blob, Cancellation)),
            ["abandoned"] = async () => await store.FindAbandonedAsync(Cancellation),
            ["wait"] = () => store.WaitForChangeAsync(session, 1, Cancellation),
            ["watch"] = async () => await store.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation).DisposeAsync(),
            ["damaged"] = () => Task.FromResult(store.Damaged),
            ["doctor"] = () => Task.FromResult(StoreCheck.Run(Home, null, Cancellation)),
            ["du"] = () => Task.FromResult(StoreUse.Of(Home, _ => false, readLogs: true, Cancellation)),
        };

        var before = Fingerprint();
        foreach (var (call, reads) in calls)
        {
            await reads();
            Assert.True(before.SequenceEqual(Fingerprint()), $"'{call}' changed the home.");
        }
    }

    [Fact]
    public async Task Taking_over_mends_the_end_tells_damage_and_missing_blobs_and_nothing_twice()
    {
        var (session, _, blob) = await MakeWrongAsync();
        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            Assert.Equal(["torn", "damage", "blob"], writer.Repairs.Select(r => r.Kind));
            Assert.Contains(blob, writer.Repairs[2].What, StringComparison.Ordinal);
            await writer.AppendAsync([new SessionRepaired(writer.Repairs)], null, Cancellation);
        }

        await using var again = await OpenAsync();
        await using var next = await again.OpenWriterAsync(session, Cancellation);
        Assert.Empty(next.Repairs);
    }

    [Fact]
    public async Task A_look_finds_in_a_home_what_taking_over_and_starting_mend()
    {
        var (session, _, blob) = await MakeWrongAsync();
        await File.WriteAllTextAsync(Path.Combine(Home, "blobs", ".incoming-7"), "half", Cancellation);
        await File.WriteAllTextAsync(LogOf(Some.Ids.Next<SessionId>()) + ".new", "half", Cancellation);
        File.Delete(Path.Combine(Home, "catalog", "catalog.jsonl"));

        var found = StoreCheck.Run(Home, null, Cancellation).Findings;

        string[] expected =
        [
            "is damaged: ", "has a torn tail: 7 bytes", "has open ends: turn ", $"names blob {blob}, which is missing",
            "is just being made, or was left", "is just being made, or was left", "is missing: the next server reads all logs",
        ];
        Assert.Equal(expected.Length, found.Count);
        Assert.All(expected.Zip(found), f => Assert.Contains(f.First, f.Second.What, StringComparison.Ordinal));
        Assert.Equal([true, false, false, true, false, false, false], found.Select(f => f.IsLoss));
        Assert.All(found.Take(4), f => Assert.Equal(session, f.Session));

        // Starting mends what is nobody's.
        await (await OpenAsync()).DisposeAsync();
        Assert.Equal(4, StoreCheck.Run(Home, null, Cancellation).Findings.Count);
    }

    [Fact]
    public async Task Every_session_that_names_a_missing_blob_is_told_and_once()
    {
        var blob = new BlobRef(new string('b', 64), 9, "text/plain");
        PartAdded Named() => new(Some.Ids.Next<MessageId>(), Some.Ids.Next<PartId>(), new ToolResultPart("1", "…", Whole: blob));
        var (first, second) = (await MakeAsync([Named(), Named()]), await MakeAsync([Named()]));

        var missing = StoreCheck.Run(Home, null, Cancellation).Findings.Where(f => f.What == $"names blob {blob.Sha256}, which is missing.");

        Assert.Equal(new SessionId?[] { first, second }.ToHashSet(), missing.Select(f => f.Session).ToHashSet());
        Assert.Equal(2, missing.Count());
    }

    [Fact]
    public async Task A_look_finds_what_stands_in_the_place_of_what_a_store_needs()
    {
        await MakeAsync();
        var (catalog, month) = (Path.Combine(Home, "catalog", "catalog.jsonl"), Assert.Single(Directory.GetDirectories(Path.Combine(Home, "sessions"))));
        foreach (var file in (string[])[catalog, Path.Combine(Home, "store.lock")])
        {
            File.Delete(file);
            Directory.CreateDirectory(file);
        }

        Directory.Delete(Path.Combine(Home, "blobs"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(Home, "blobs"), "no folder", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(month, "notes.txt"), "nobody's", Cancellation);

        var found = StoreCheck.Run(Home, null, Cancellation).Findings;

        Assert.Equal(["blobs", "store.lock", $"sessions/{Path.GetFileName(month)}/notes.txt", "catalog/catalog.jsonl"], found.Select(f => f.Place));
        Assert.Equal([true, true, false, false], found.Select(f => f.IsLoss));
    }

    /// <summary>A session with a damaged line, a torn end, an open turn and a blob that is gone; and a fork of it.</summary>
    private async Task<(SessionId Session, SessionId Fork, string Blob)> MakeWrongAsync()
    {
        SessionId session, fork;
        BlobRef blob;
        await using (var store = await OpenAsync())
        {
            await using var writer = await CreateAsync(store);
            session = writer.Session;
            blob = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);
            await writer.AppendAsync([Some.Titled("damaged")], null, Cancellation);
            await writer.AppendAsync([Some.Message("a needle") with { Parts = [new MessagePart(Some.Ids.Next<PartId>(), new TextPart("a needle")), new MessagePart(Some.Ids.Next<PartId>(), new FilePart("image/png", "a.png", blob))] }, Some.Turn()], null, Cancellation);
            var row = (await store.FindAsync(session, Cancellation))!;
            fork = Some.Ids.Next<SessionId>();
            await (await store.CreateAsync(fork, [Some.Forked(row, 2, new Segment(session, 2))], null, Cancellation)).DisposeAsync();
        }

        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        bytes[LineStarts(bytes)[1] + 30] ^= 1;
        await File.WriteAllBytesAsync(LogOf(session), [.. bytes, .. "{\"seq\":"u8], Cancellation);
        File.Delete(Path.Combine(Home, "blobs", blob.Sha256[..2], blob.Sha256));
        return (session, fork, blob.Sha256);
    }

    private IReadOnlyList<string> Fingerprint() =>
    [
        .. Directory.EnumerateFiles(Home, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("store.lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O} {Hash(f)}"),
    ];

    private static string Hash(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
