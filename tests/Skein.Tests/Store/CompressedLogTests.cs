using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>A session that rests is kept compressed, and nobody who reads it can tell.</summary>
public sealed class CompressedLogTests : CompressedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Every_call_that_reads_answers_the_same_of_a_compressed_session_and_leaves_it_compressed(int seed)
    {
        var session = await MakeRandomAsync(seed);
        var fork = await ForkAsync(session, 20);
        var plain = await AskAllAsync(session, fork);

        var collected = await CompressAsync();

        Assert.Equal(1, collected.Compressed.Files);
        Assert.Equal(new FileInfo(PackedLogOf(session)).Length, plain.LogBytes - collected.Compressed.Bytes - new FileInfo(LogOf(fork)).Length);
        Assert.Equal(plain.Answers, (await AskAllAsync(session, fork)).Answers);
        Directory.Delete(Path.Combine(Home, "catalog"), recursive: true);
        Assert.Equal(plain.Answers, (await AskAllAsync(session, fork)).Answers);
        AssertIsCompressed(session);
    }

    [Fact]
    public async Task It_is_unpacked_before_it_is_written_again_and_compressed_when_it_rests_again()
    {
        var (session, plain) = await MakeCompressedAsync();
        await using (var store = await OpenCompressingAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            Assert.All(writer.Repairs, r => Assert.Equal("blob", r.Kind));
            AssertIsPlain(session);
            Assert.Equal(plain, await File.ReadAllBytesAsync(LogOf(session), Cancellation));

            await writer.AppendAsync([Some.Titled("Once more")], Some.By, Cancellation);
            Assert.Equal(0, (await store.CollectAsync(Cancellation)).Compressed.Files);
        }

        await CompressAsync();

        AssertIsCompressed(session);
        await using var again = await OpenAsync();
        Assert.Equal("Once more", (await again.FindAsync(session, Cancellation))!.Title);
        Assert.Equal(new SessionTitled("Once more", TitleSource.Manual), (await ReadAsync(again, session))[^1].Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Doctor_finds_nothing_wrong_with_a_session_that_is_compressed_or_unpacked_while_it_looks(bool isCompressed)
    {
        var before = await MakeAsync([Some.Message("looked at before")]);
        var (session, plain) = await MakeCompressedAsync();
        var packed = await File.ReadAllBytesAsync(PackedLogOf(session), Cancellation);
        var expected = StoreCheck.Run(Home, null, Cancellation);
        if (isCompressed)
            Swap(PackedLogOf(session), LogOf(session), plain);

        var report = StoreCheck.Run(Home, (_, _) => Meanwhile(), Cancellation);

        Assert.Equal((expected.Sessions, expected.Events), (report.Sessions, report.Events));
        Assert.Equal(expected.Findings.Select(f => f.What), report.Findings.Select(f => f.What));
        Assert.True(before.CompareTo(session) < 0);

        void Meanwhile()
        {
            if (isCompressed && File.Exists(LogOf(session)))
                Swap(LogOf(session), PackedLogOf(session), packed);
            else if (!isCompressed && File.Exists(PackedLogOf(session)))
                Swap(PackedLogOf(session), LogOf(session), plain);
        }

        static void Swap(string from, string to, byte[] content)
        {
            File.WriteAllBytes(to, content);
            File.Delete(from);
        }
    }

    [Fact]
    public async Task One_that_is_live_young_small_or_being_written_stays_as_it_is()
    {
        var live = await MakeAsync([Some.Turn(), Some.Message(new string('x', 9000))]);
        var small = await MakeAsync([Some.Message("small")]);
        var young = await MakeAsync([Some.Message(new string('x', 9000))]);
        var old = await MakeAsync([Some.Message(new string('x', 9000))]);
        foreach (var (after, expected) in (IReadOnlyList<(TimeSpan, int)>)[(TimeSpan.FromDays(1), 0), (TimeSpan.Zero, 1)])
        {
            await using var store = await EmbeddedStore.OpenAsync(Home, new EmbeddedStoreOptions(Packing: new PackingRules(after)), TimeProvider.System, Disk, Cancellation);
            await using var writer = await store.OpenWriterAsync(young, Cancellation);
            Assert.Equal(expected, (await store.CollectAsync(Cancellation)).Compressed.Files);
        }

        await using (var never = await OpenAsync())
            Assert.Equal(0, (await never.CollectAsync(Cancellation)).Compressed.Files);
        foreach (var session in (SessionId[])[live, small, young])
            AssertIsPlain(session);
        AssertIsCompressed(old);
    }

    [Fact]
    public async Task Where_a_crash_left_both_files_the_plain_one_counts_and_the_other_goes()
    {
        var (session, plain) = await MakeCompressedAsync();
        await File.WriteAllBytesAsync(LogOf(session), plain, Cancellation);
        await using (var store = await OpenAsync())
        {
            AssertIsPlain(session);
            Assert.Equal(plain.Count(b => b == '\n'), (await ReadAsync(store, session)).Count);
        }

        await CompressAsync();
        await using (var store = await OpenCompressingAsync())
        {
            await File.WriteAllBytesAsync(LogOf(session), plain, Cancellation);
            Assert.Empty((await store.CollectAsync(Cancellation)).Problems);
            AssertIsCompressed(session);
        }
    }

    [Fact]
    public async Task One_beside_a_plain_file_of_which_nothing_can_be_read_is_kept()
    {
        var (session, plain) = await MakeCompressedAsync();
        await File.WriteAllTextAsync(LogOf(session), "", Cancellation);

        await using (var store = await OpenCompressingAsync())
        {
            await store.CollectAsync(Cancellation);
            Assert.Equal(LogOf(session), Assert.Single(store.Damaged).Path);
        }

        Assert.Contains(StoreCheck.Run(Home, null, Cancellation).Findings, f => f.Place.EndsWith(".br", StringComparison.Ordinal) && f.What.Contains("where that one is taken away, this one counts", StringComparison.Ordinal));
        File.Delete(LogOf(session));
        await using var again = await OpenAsync();
        Assert.Equal(plain.Count(b => b == '\n'), (await ReadAsync(again, session)).Count);
    }

    [Fact]
    public async Task A_collection_reads_what_a_compressed_log_names_and_knows_its_file()
    {
        BlobRef blob;
        SessionId session;
        await using (var store = await OpenAsync())
        {
            blob = await store.PutBlobAsync(new MemoryStream(new byte[100]), "text/plain", Cancellation);
            await store.PutBlobAsync(new MemoryStream(new byte[200]), "text/plain", Cancellation);
            await using var writer = await CreateAsync(store);
            session = writer.Session;
            await writer.AppendAsync([new PartAdded(Some.Ids.Next<MessageId>(), Some.Ids.Next<PartId>(), new ToolResultPart("1", "…", Whole: blob))], Some.By, Cancellation);
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(Home, "blobs"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));
        await CompressAsync();
        AssertIsCompressed(session);

        await using var again = await OpenAsync();
        var collected = await again.CollectAsync(Cancellation);

        Assert.Empty(collected.Problems);
        await using var content = await again.FindBlobAsync(blob.Sha256, Cancellation);
        Assert.NotNull(content);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(Home, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_purge_deletes_a_compressed_log_and_keeps_what_forks_read_of_it()
    {
        var (session, _) = await MakeCompressedAsync();
        var fork = await ForkAsync(session, 40);
        await using var store = await OpenCompressingAsync();
        var before = Some.Texts(await ReadAsync(store, fork));
        await using (var writer = await store.OpenWriterAsync(session, Cancellation))
            await writer.AppendAsync([new SessionTrashed()], Some.By, Cancellation);
        await store.CollectAsync(Cancellation);
        AssertIsCompressed(session);

        await store.PurgeAsync(session, Cancellation);

        Assert.Equal(before, Some.Texts(await ReadAsync(store, fork)));
        Assert.Equal([$"{session}.origin"], Directory.EnumerateFiles(Path.Combine(Home, "sessions"), $"{session}*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_purge_that_ends_at_any_call_brings_nothing_back_from_the_compressed_file_that_could_not_be_deleted()
    {
        var isOver = false;
        for (var call = 0; !isOver; call++)
        {
            var (session, _) = await MakeCompressedAsync(turns: 1);
            await using (var store = await OpenAsync())
            {
                Disk.Fail(DiskCall.Delete, SessionLog.PackedExtension, "Input/output error");
                await using (var writer = await store.OpenWriterAsync(session, Cancellation))
                    await writer.AppendAsync([new SessionTrashed()], Some.By, Cancellation);
                Assert.True(File.Exists(LogOf(session)) && File.Exists(PackedLogOf(session)));

                Disk.DieAfter(call);
                var purging = await Record.ExceptionAsync(async () => await store.PurgeAsync(session, Cancellation));
                Assert.True(purging is null or StoreStoppedException, $"{purging}");
                isOver = !Disk.IsDead;
            }

            Disk.Heal();
            await using var again = await OpenAsync();
            Assert.True(await again.FindAsync(session, Cancellation) is null or { TrashedAt: not null }, $"Call {call}: it is back as it was before.");
            if (isOver)
                Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(LogOf(session))!, $"{session}*"));
        }
    }

    [Fact]
    public async Task Readers_notice_nothing_while_it_is_compressed_and_unpacked_again_and_again()
    {
        var (session, plain) = await MakeCompressedAsync();
        await using var store = await OpenCompressingAsync();
        var expected = Some.Texts(await ReadAsync(store, session));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var reading = Task.WhenAll(Enumerable.Range(0, 2).Select(n => Task.Run(
            async () =>
            {
                var reads = 0;
                for (; !done.IsCancellationRequested || reads == 0; reads++)
                {
                    Assert.Equal(expected, Some.Texts(await ReadAsync(store, session)));
                    Assert.Equal(12, (await store.SearchAsync(new SearchQuery("needle"), Cancellation).ToListAsync(Cancellation)).OfType<SearchHit>().Count());
                }
            },
            Cancellation)));

        for (var round = 0; round < 30; round++)
        {
            await (await store.OpenWriterAsync(session, Cancellation)).DisposeAsync();
            Assert.Equal(1, (await store.CollectAsync(Cancellation)).Compressed.Files);
        }

        await done.CancelAsync();
        await reading;
        AssertIsCompressed(session);
        Assert.True(new FileInfo(PackedLogOf(session)).Length < plain.Length);
    }

    private async Task<SessionId> MakeRandomAsync(int seed)
    {
        var random = new Random(seed);
        string[] texts = ["needle", "日本語 🦢 needle \u0000\ud83e", new('x', 700), "\"\\/\r\n\t", string.Join(' ', Enumerable.Range(0, 400))];
        var bodies = new Queue<EventBody>(new RandomLog(seed, texts).Events(240).Skip(1).Select(e => e.Body));
        var batches = new List<IReadOnlyList<EventBody>>();
        while (bodies.Count > 0)
            batches.Add([.. Enumerable.Range(0, Math.Min(bodies.Count, 1 + random.Next(4))).Select(_ => bodies.Dequeue())]);
        return await MakeAsync([.. batches, [new TurnInterrupted(Some.Ids.Next<TurnId>(), "user")]]);
    }

    private async Task<SessionId> ForkAsync(SessionId session, long upTo)
    {
        await using var store = await OpenAsync();
        var origin = (await store.FindAsync(session, Cancellation))!;

        // A turn is open in it, so that it is not compressed itself.
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Forked(origin, upTo, new Segment(session, upTo)), Some.Turn()], Some.By, Cancellation);
        return writer.Session;
    }

    private async Task<(IReadOnlyList<string> Answers, long LogBytes)> AskAllAsync(SessionId session, SessionId fork)
    {
        var answers = new List<string>();
        await using (var store = await OpenAsync())
        {
            foreach (var asked in (SessionId[])[session, fork])
            {
                var last = (await store.FindAsync(asked, Cancellation))!.Seq;
                for (var at = 0L; at <= last; at += 7)
                {
                    answers.AddRange(Some.Texts(await ReadAsync(store, asked, at)));
                    answers.AddRange(Some.Texts(await store.ReadBackAsync(asked, at, Cancellation).Take(9).ToListAsync(Cancellation)));
                }

                answers.AddRange(Some.Texts(await ReadBackAsync(store, asked)));
                answers.Add(Some.Text(await store.FindAsync(asked, Cancellation)));
            }

            foreach (var trashed in (bool[])[false, true])
            {
                answers.AddRange((await store.ListAsync(new SessionQuery(Archived: null, Trashed: trashed), Cancellation)).Items.Select(Some.Text));
                foreach (var text in (string[])["needle", "語 🦢", "100 101", "nowhere"])
                    answers.AddRange((await store.SearchAsync(new SearchQuery(text, Trashed: trashed), Cancellation).ToListAsync(Cancellation)).Select(f => $"{f}"));
            }

            Assert.Empty(store.Damaged);
        }

        var report = StoreCheck.Run(Home, null, Cancellation);
        answers.Add($"{report.Sessions} {report.Events}");
        answers.AddRange(report.Findings.Where(f => f.IsLoss).Select(f => f.What).Order(StringComparer.Ordinal));
        answers.AddRange(StoreUse.Of(Home, _ => false, readLogs: true, Cancellation).Sessions.Select(s => s.Session.Value).Order(StringComparer.Ordinal));
        return (answers, report.LogBytes);
    }
}
