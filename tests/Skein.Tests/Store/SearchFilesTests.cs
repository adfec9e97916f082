using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>How the embedded store searches its files.</summary>
public sealed class SearchFilesTests : EmbeddedTests
{
    private const int Window = 256 * 1024;

    private static async Task<IReadOnlyList<SearchFinding>> SearchAsync(EmbeddedStore store, SearchQuery query) =>
        await store.SearchAsync(query, Cancellation).ToListAsync(Cancellation);

    private static PartAdded Output(BlobRef whole) =>
        new(Some.Ids.Next<MessageId>(), Some.Ids.Next<PartId>(), new ToolResultPart("1", "…", Whole: whole));

    private static ValueTask<BlobRef> PutAsync(EmbeddedStore store, string text) =>
        store.PutBlobAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text/plain", Cancellation);

    [Fact]
    public void Every_line_that_the_codec_writes_is_known_by_its_first_bytes()
    {
        var answer = new MessageAdded(Some.Ids.Next<MessageId>(), Role.Assistant, MessageStatus.Pending, 1, []);
        var part = Some.Ids.Next<PartId>();
        foreach (var (body, kind) in (IReadOnlyList<(EventBody, LineKind)>)
        [
            (Some.Message("any"), LineKind.MessageAdded), (answer, LineKind.MessageAdded), (Some.Turn(), LineKind.TurnStarted),
            (new PartAdded(answer.Message, part, new TextPart("any")), LineKind.PartAdded), (new PartDropped(answer.Message, part, "any"), LineKind.PartDropped),
            (new PartStreamed(answer.Message, part, StreamKind.Text, 0, "any"), LineKind.PartStreamed),
            (new PromptQueued(Some.Ids.Next<TurnId>(), answer.Message, []), LineKind.Said), (new PromptSteered(Some.Ids.Next<TurnId>(), answer.Message, []), LineKind.Said),
            (new MessageEdited(answer.Message, []), LineKind.Hiding), (new SessionRewound(1, null, 0), LineKind.Hiding), (new SessionUnrewound(1), LineKind.Hiding),
            (new TurnCompleted(Some.Ids.Next<TurnId>()), LineKind.Other), (Some.Titled("\",\"type\":\"part.added\""), LineKind.Other),
        ])
        {
            var cause = new Cause("cli", new string('"', 200));
            var line = EventCodec.Encode(new SessionEvent(Some.Ids.Next<SessionId>(), 1234567, Some.Ids.Next<SessionId>().Time, body, cause), withSession: false).Span;

            Assert.Equal((kind, 1234567), (LineHead.KindOf(line, out var seq), seq));
            Assert.Equal(body is MessageAdded, LineHead.TryReadMessage(line, out var message, out var role, out var isWhole));
            if (body is MessageAdded added)
                Assert.Equal((added.Message, added.Role, added.Status == MessageStatus.Completed), (message, role, isWhole));
            Assert.Equal(body is PartAdded or PartDropped or PartStreamed, LineHead.TryReadPart(line, out var read));
            Assert.Equal(body is PartAdded or PartDropped or PartStreamed ? part : default, read);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"seq\":")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-21T08:46:22.123Z\",\"type\":\"part.added")]
    [InlineData("{\"seq\":1, \"at\":\"2026-11-21T08:46:22.123Z\",\"type\":\"part.added\"}")]
    [InlineData("{\"at\":\"2026-11-21T08:46:22.123Z\",\"seq\":1,\"type\":\"part.added\"}")]
    public void A_line_laid_out_in_another_way_is_left_to_its_reader(string line)
    {
        Assert.Equal(LineKind.Unknown, LineHead.KindOf(Encoding.UTF8.GetBytes(line), out _));
        Assert.False(LineHead.TryReadMessage(Encoding.UTF8.GetBytes(line), out _, out _, out _));
        Assert.False(LineHead.TryReadPart(Encoding.UTF8.GetBytes(line), out _));
    }

    [Fact]
    public async Task A_log_that_another_hand_wrote_is_searched_too()
    {
        var session = await MakeAsync([Some.Message("a bittern booms")]);
        var lines = await File.ReadAllLinesAsync(LogOf(session), Cancellation);
        var json = lines[1][..^18].Replace("{\"seq\":2,", "{ ", StringComparison.Ordinal) + " , \"seq\" : 2}";
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        LogLine.Seal(Encoding.UTF8.GetBytes(json), line);
        await File.WriteAllBytesAsync(LogOf(session), [.. Encoding.UTF8.GetBytes(lines[0] + "\n"), .. line.WrittenSpan], Cancellation);

        await using var store = await OpenAsync();

        Assert.Equal("a bittern booms", Assert.IsType<SearchHit>(Assert.Single(await SearchAsync(store, new SearchQuery("bittern")))).Snippet.Text);
    }

    [Fact]
    public async Task A_line_that_is_damaged_is_not_found_and_told_of_and_the_others_are_found()
    {
        var session = await MakeAsync([Some.Message("smew 2")], [Some.Message("smew 3")], [Some.Message("smew 4")]);
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        bytes[bytes.AsSpan().IndexOf("smew 3"u8) - 40] ^= 1;
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);

        await using var store = await OpenAsync();

        var found = await SearchAsync(store, new SearchQuery("smew"));

        Assert.Equal(["smew 4", "smew 2"], found.OfType<SearchHit>().Select(h => h.Snippet.Text));
        Assert.Equal([new SearchSkipped(session, $"{SessionLog.NameOf(session)} is damaged: event 3 cannot be read.")], found.OfType<SearchSkipped>());
    }

    [Fact]
    public async Task What_cannot_be_read_is_named_and_the_rest_is_found()
    {
        var whole = await MakeAsync([Some.Message("avocet")]);
        SessionId lacking, unreadable, unknown;
        string blob;
        await using (var store = await OpenAsync())
        {
            await using var writer = await CreateAsync(store);
            lacking = writer.Session;
            blob = (await PutAsync(store, "avocet")).Sha256;
            await writer.AppendAsync([Output((await PutAsync(store, "avocet"))), Some.Message("avocet beside it")], null, Cancellation);
        }

        unreadable = await MakeAsync([Some.Message("avocet")]);
        unknown = await MakeAsync([Some.Message("avocet")]);
        File.Delete(Path.Combine(Home, "blobs", blob[..2], blob));
        Directory.Delete(Path.Combine(Home, "catalog"), recursive: true);
        await File.WriteAllTextAsync(LogOf(unknown), "nonsense\n", Cancellation);

        await using var opened = await OpenAsync();
        File.Delete(LogOf(unreadable));
        var found = await SearchAsync(opened, new SearchQuery("avocet"));

        Assert.Equal(
            new HashSet<SessionId> { lacking, whole }, found.OfType<SearchHit>().Where(h => h.Snippet.Text.StartsWith("avocet", StringComparison.Ordinal)).Select(h => h.Session).ToHashSet());
        var reasons = found.OfType<SearchSkipped>().ToDictionary(s => s.Session, s => s.Reason);
        Assert.Equal(new HashSet<SessionId> { lacking, unreadable, unknown }, [.. reasons.Keys]);
        Assert.Equal($"Blob {blob} is missing.", reasons[lacking]);
        Assert.StartsWith($"{SessionLog.NameOf(unreadable)} cannot be read: ", reasons[unreadable], StringComparison.Ordinal);
        Assert.IsType<SearchSkipped>(found[^1]);
    }

    [Theory]
    [InlineData("a", "\n")]
    [InlineData("日", "\n")]
    [InlineData("🦢", "no line")]
    public async Task A_match_is_found_wherever_the_windows_of_a_long_text_end(string filler, string lineEnd)
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var line = string.Concat(Enumerable.Repeat(filler, 90)) + lineEnd;
        var bytesOfLine = Encoding.UTF8.GetByteCount(line);
        List<string> words = [];
        List<BlobRef> blobs = [];
        foreach (var at in Enumerable.Range(0, 40).Select(i => Window - 17_000 + (i * 450)))
        {
            words.Add($"Ptarmigan{at}ñ");
            var text = string.Concat(Enumerable.Repeat(line, at / bytesOfLine)) + words[^1] + "\n" + string.Concat(Enumerable.Repeat(line, 2 * Window / bytesOfLine));
            blobs.Add(await PutAsync(store, text));
        }

        await writer.AppendAsync([.. blobs.Select(Output)], null, Cancellation);

        foreach (var query in (SearchQuery[])[new("PTARMIGAN", Limit: 1000), new("^Ptarmigan[0-9]+ñ$|(?<=no line)Ptarmigan[0-9]+ñ$", IsRegex: true, Limit: 1000), new("Ñ", Limit: 1000)])
        {
            var found = (await SearchAsync(store, query)).Cast<SearchHit>().ToList();

            Assert.Equal(blobs.Count, found.Count);
            Assert.All(found.Zip(words.AsEnumerable().Reverse()), f => Assert.Contains(f.Second, f.First.Snippet.Text, StringComparison.Ordinal));
            Assert.DoesNotContain(found, h => h.Snippet.Text.Contains('\uFFFD'));
        }
    }

    [Fact]
    public async Task The_lines_of_a_long_text_are_lines_to_a_regular_expression()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
        await writer.AppendAsync([Output(await PutAsync(store, text))], null, Cancellation);

        // A window that began or ended within a line would make an end of a line where there is none.
        Assert.Empty(await SearchAsync(store, new SearchQuery("^(ine|ne|e|) ?[0-9]+$|^l(i|in|ine|ine )?$|^line [0-9]{7}$", IsRegex: true)));
        Assert.Single(await SearchAsync(store, new SearchQuery("^line 99999$", IsRegex: true)));
    }

    [Fact]
    public async Task Whoever_stops_taking_findings_leaves_nothing_running()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 40; i++)
        {
            await using var writer = await CreateAsync(store);
            await writer.AppendAsync([Some.Message($"knot {i}")], null, Cancellation);
        }

        await foreach (var finding in store.SearchAsync(new SearchQuery("knot", Limit: 1000), Cancellation))
        {
            Assert.StartsWith("knot ", Assert.IsType<SearchHit>(finding).Snippet.Text, StringComparison.Ordinal);
            break;
        }

        Assert.Equal(40, (await SearchAsync(store, new SearchQuery("knot"))).Count);
    }
}
