using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Tests.Core;

namespace Skein.Tests.Store;

/// <summary>Searching in every store.</summary>
public abstract class SearchContract : BlobContract
{
    private async Task<IReadOnlyList<SearchHit>> FindAsync(SearchQuery query) =>
        [.. (await Store.SearchAsync(query, Cancellation).ToListAsync(Cancellation)).Cast<SearchHit>()];

    private async Task<IReadOnlyList<string>> MatchesAsync(SearchQuery query) => [.. (await FindAsync(query)).Select(h => MatchOf(h.Snippet))];

    private static string MatchOf(Snippet snippet) => snippet.Text.Substring(snippet.Start, snippet.Length);

    private static MessagePart Part(Part content) => new(Some.Ids.Next<PartId>(), content);

    private static MessageAdded Answer() => new(Some.Ids.Next<MessageId>(), Role.Assistant, MessageStatus.Pending, 1, []);

    private static PartAdded Said(MessageAdded message, Part content) => new(message.Message, Some.Ids.Next<PartId>(), content);

    private async Task<BlobRef> BlobAsync(string text) => await Store.PutBlobAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text/plain", Cancellation);

    [Fact]
    public async Task Everything_that_was_said_and_done_is_found_with_its_place()
    {
        var filler = new string('.', 20_000);
        var output = await BlobAsync($"{filler}\nhere is a HERON too\n{filler}");
        var attached = await BlobAsync("heron, attached");
        var picture = await Store.PutBlobAsync(new MemoryStream([.. "heron"u8, 0]), "image/png", Cancellation);
        var answer = Answer();
        var prompt = Some.Message("Where is the heron?") with
        {
            Parts = [Part(new TextPart("Where is the heron?")), Part(new FilePart("text/plain", "notes", attached)), Part(new FilePart("image/png", "p.png", picture))],
        };
        await using var writer = await CreateAsync(Some.Created(title: "Birds of the lake"));
        Clock.Advance(TimeSpan.FromHours(1));
        var events = await writer.AppendAsync(
            [
                prompt, Some.Turn(), answer,
                Said(answer, new ReasoningPart("The Heron flies")),
                Said(answer, new TextPart("A heron.")),
                Said(answer, new ToolCallPart("1", "bash", JsonElement.Parse("""{"heron":true,"command":["ls","grep -i \"heron\" birds"],"n":12}"""))),
                Said(answer, new ToolResultPart("1", "…", Whole: output)),
                Said(answer, new ToolResultPart("2", "no bird at all")),
                new ToolFinished(answer.Message, "1", false, 1, JsonElement.Parse("""{"heron":"no part of it"}""")),
            ],
            null, Cancellation);

        var hits = await FindAsync(new SearchQuery("Heron"));

        var ids = events.Select(e => e.Body).OfType<PartAdded>().Select(p => p.Part).ToList();
        Assert.Equal(
            [
                (8L, answer.Message, ids[3], PartKind.ToolResult, Role.Tool, "HERON"),
                (7L, answer.Message, ids[2], PartKind.ToolCall, Role.Assistant, "heron"),
                (6L, answer.Message, ids[1], PartKind.Text, Role.Assistant, "heron"),
                (5L, answer.Message, ids[0], PartKind.Reasoning, Role.Assistant, "Heron"),
                (2L, prompt.Message, prompt.Parts[0].Id, PartKind.Text, Role.User, "heron"),
                (2L, prompt.Message, prompt.Parts[1].Id, PartKind.File, Role.User, "heron"),
            ],
            hits.Select(h => (h.Seq, h.Message, h.Part, h.Kind, h.Role, MatchOf(h.Snippet))));
        Assert.All(hits, h => Assert.Equal((writer.Session, "Birds of the lake", events[0].At, false), (h.Session, h.Title, h.At, h.Hidden)));
        Assert.Equal("grep -i \"heron\" birds", hits[1].Snippet.Text);
        Assert.Equal(["12"], await MatchesAsync(new SearchQuery("12")));

        await ReopenAsync();
        Assert.Equal(hits, await FindAsync(new SearchQuery("heron")));
        Assert.Equal(["here is a HERON too"], await MatchesAsync(new SearchQuery("^HERE is a (her|swa)on too$", IsRegex: true)));
        Assert.Equal(["heron, att"], await MatchesAsync(new SearchQuery("heron, att", MatchCase: true)));
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_searched()
    {
        await using var first = await CreateAsync(Some.Created("/work/one/"));
        await first.AppendAsync([Some.Message("goose: first")], null, Cancellation);
        Clock.Advance(TimeSpan.FromDays(2));
        var now = Clock.GetUtcNow();
        await using var second = await CreateAsync(Some.Created("/work/two", "codex"));
        var answer = Answer();
        await second.AppendAsync(
            [Some.Message("goose: second"), answer, Said(answer, new TextPart("goose: answer")), Said(answer, new ToolResultPart("1", "goose: tool"))], null, Cancellation);
        await using var archived = await CreateAsync();
        await archived.AppendAsync([Some.Message("goose: archived"), new SessionArchived()], null, Cancellation);
        await using var trashed = await CreateAsync();
        await trashed.AppendAsync([Some.Message("goose: trashed"), new SessionTrashed()], null, Cancellation);
        Clock.Advance(TimeSpan.FromDays(1));
        await first.AppendAsync([Some.Titled("A later event, an old text")], null, Cancellation);

        async Task FindsAsync(SearchQuery query, params string[] expected) => Assert.Equal(
            expected.Order(StringComparer.Ordinal), (await FindAsync(query)).Select(h => h.Snippet.Text["goose: ".Length..]).Order(StringComparer.Ordinal));

        await FindsAsync(new SearchQuery("GOOSE"), "first", "second", "answer", "tool", "archived");
        await FindsAsync(new SearchQuery("GOOSE", MatchCase: true));
        await FindsAsync(new SearchQuery("goose", Workspace: "/work/one"), "first");
        await FindsAsync(new SearchQuery("goose", Workspace: "/work/two/"), "second", "answer", "tool");
        await FindsAsync(new SearchQuery("goose", Agent: "codex"), "second", "answer", "tool");
        await FindsAsync(new SearchQuery("goose", Since: now), "second", "answer", "tool", "archived");
        await FindsAsync(new SearchQuery("goose", Since: now.AddSeconds(1)));
        await FindsAsync(new SearchQuery("goose", Role: Role.User), "first", "second", "archived");
        await FindsAsync(new SearchQuery("goose", Role: Role.Assistant), "answer");
        await FindsAsync(new SearchQuery("goose", Role: Role.Tool), "tool");
        await FindsAsync(new SearchQuery("goose", Trashed: true), "trashed");
        await FindsAsync(new SearchQuery("goose: [fs]", IsRegex: true), "first", "second");
    }

    [Fact]
    public async Task The_newest_come_first_and_no_more_than_asked_for()
    {
        var texts = new List<string>();
        for (var session = 0; session < 30; session++)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await using var writer = await CreateAsync();
            for (var message = 0; message < 4; message++)
            {
                texts.Insert(0, $"swan {session}.{message}");
                await writer.AppendAsync([Some.Message(texts[0])], null, Cancellation);
            }
        }

        foreach (var limit in (int[])[1, 3, 4, 5, 50, 1000])
            Assert.Equal(texts.Take(limit), (await FindAsync(new SearchQuery("Swan", Limit: limit))).Select(h => h.Snippet.Text));
    }

    [Fact]
    public async Task What_a_fork_inherits_is_found_once_also_when_its_origin_is_in_the_trash()
    {
        await using var origin = await CreateAsync(Some.Created(title: "origin"));
        await origin.AppendAsync([Some.Message("teal 2"), Some.Message("teal 3")], null, Cancellation);
        var row = (await Store.FindAsync(origin.Session, Cancellation))!;
        await using var fork = await Store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(row, 3, new Segment(origin.Session, 3)), Some.Message("teal 5")], null, Cancellation);
        await using var shorter = await Store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked(row, 2, new Segment(origin.Session, 2))], null, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await origin.AppendAsync([Some.Message("teal 4, not the fork's")], null, Cancellation);

        async Task<IEnumerable<(SessionId, long)>> PlacesAsync(bool trashed = false) =>
            (await FindAsync(new SearchQuery("teal", Trashed: trashed))).Select(h => (h.Session, h.Seq));

        Assert.Equal([(origin.Session, 4), (origin.Session, 3), (origin.Session, 2), (fork.Session, 5)], await PlacesAsync());
        await origin.AppendAsync([new SessionTrashed()], null, Cancellation);
        Assert.Equal([(fork.Session, 5), (fork.Session, 3), (fork.Session, 2)], await PlacesAsync());
        Assert.Equal([(origin.Session, 4), (origin.Session, 3), (origin.Session, 2)], await PlacesAsync(trashed: true));
        await fork.AppendAsync([new SessionRewound(2, null, 1)], null, Cancellation);
        Assert.Equal([true, true, false], (await FindAsync(new SearchQuery("teal"))).Select(h => h.Hidden));
    }

    [Fact]
    public async Task What_is_no_longer_in_the_conversation_is_found_and_said_to_be_hidden()
    {
        await using var writer = await CreateAsync();
        var (kept, answer) = (Some.Message("rail 2"), Answer());
        await writer.AppendAsync([kept, answer, Said(answer, new TextPart("rail 4")), Some.Message("rail 5"), new SessionRewound(3, null, 2)], null, Cancellation);

        async Task<IEnumerable<(long, bool)>> FoundAsync() => (await FindAsync(new SearchQuery("rail"))).Select(h => (h.Seq, h.Hidden));

        Assert.Equal([(5, true), (4, false), (2, false)], await FoundAsync());
        await writer.AppendAsync([new SessionRewound(0, null, 0)], null, Cancellation);
        Assert.Equal([(5, true), (4, true), (2, true)], await FoundAsync());
        await writer.AppendAsync([new SessionUnrewound(2)], null, Cancellation);
        Assert.Equal([(5, true), (4, false), (2, false)], await FoundAsync());
        await writer.AppendAsync([new MessageEdited(kept.Message, [Part(new TextPart("rail 9"))]), Some.Message("rail 10")], null, Cancellation);
        Assert.Equal([(10, false), (9, false), (5, true), (4, false), (2, true)], await FoundAsync());
        Assert.Equal(Role.User, (await FindAsync(new SearchQuery("rail 9")))[0].Role);
        await writer.AppendAsync([new MessageEdited(kept.Message, [Part(new TextPart("something else"))])], null, Cancellation);
        Assert.Equal([(9, true)], (await FindAsync(new SearchQuery("rail 9"))).Select(h => (h.Seq, h.Hidden)));
    }

    [Fact]
    public async Task Text_that_is_still_arriving_is_found_and_text_that_has_arrived_is_found_once()
    {
        await using var writer = await CreateAsync();
        var answer = Answer();
        PartStreamed Piece(PartId part, int offset, string text) => new(answer.Message, part, StreamKind.Text, offset, text);
        var (done, dropped, arriving) = (Some.Ids.Next<PartId>(), Some.Ids.Next<PartId>(), Some.Ids.Next<PartId>());
        await writer.AppendAsync(
            [
                Some.Turn(), answer, Piece(done, 0, "a kite"), Piece(dropped, 0, "a kite that broke"), new PartDropped(answer.Message, dropped, "broken"),
                new PartAdded(answer.Message, done, new TextPart("a kite flies")), Piece(arriving, 0, "another k"), Piece(arriving, 9, "ite, and"), Piece(arriving, 9, "ite, and more"),
            ],
            null, Cancellation);

        var hits = await FindAsync(new SearchQuery("kite"));

        Assert.Equal([(arriving, 10L, "another kite, and more"), (done, 7L, "a kite flies")], hits.Select(h => (h.Part, h.Seq, h.Snippet.Text)));
        await writer.AppendAsync([new PartAdded(answer.Message, arriving, new TextPart("no bird"))], null, Cancellation);
        Assert.Equal([done], (await FindAsync(new SearchQuery("kite"))).Select(h => h.Part));
    }

    [Fact]
    public async Task A_prompt_that_waits_is_found_and_one_that_was_taken_back_is_not()
    {
        await using var writer = await CreateAsync();
        PromptQueued Prompt(string text) => new(Some.Ids.Next<TurnId>(), Some.Ids.Next<MessageId>(), [Part(new TextPart(text))]);
        var (waits, withdrawn, begun) = (Prompt("crane waits"), Prompt("crane withdrawn"), Prompt("crane begun"));
        await writer.AppendAsync(
            [
                waits, withdrawn, begun, new PromptWithdrawn(withdrawn.Turn),
                new MessageAdded(begun.Message, Role.User, MessageStatus.Completed, 1, begun.Parts, begun.Turn), Some.Turn() with { Turn = begun.Turn },
                new PromptSteered(begun.Turn, Some.Ids.Next<MessageId>(), [Part(new TextPart("crane steers"))]),
            ],
            null, Cancellation);

        Assert.Equal(["crane steers", "crane begun", "crane waits"], (await FindAsync(new SearchQuery("crane"))).Select(h => h.Snippet.Text));
    }

    [Fact]
    public async Task Whatever_was_said_is_found_by_any_piece_of_it()
    {
        var random = new Random(11);
        var said = new Dictionary<PartId, (string Text, bool IsArgument)>();
        await using (var writer = await CreateAsync())
        {
            for (var i = 0; i < 60; i++)
            {
                var (message, asCall, text) = (Answer(), i % 2 == 0, RandomText(random));
                Part content = asCall
                    ? new ToolCallPart("1", "any", JsonElement.Parse(JsonSerializer.Serialize(new[] { text }))) : new TextPart(text);
                var part = Said(message, content);
                said[part.Part] = (text, asCall);
                await writer.AppendAsync([message, part], null, Cancellation);
            }
        }

        for (var i = 0; i < 300; i++)
        {
            var text = said.Values.ElementAt(random.Next(said.Count)).Text;
            var piece = Piece(random, text);
            var query = new SearchQuery(piece, MatchCase: random.Next(2) == 0, Limit: 1000);
            if (!query.MatchCase)
                query = query with { Text = random.Next(2) == 0 ? piece.ToUpperInvariant() : piece.ToLowerInvariant() };
            var comparison = query.MatchCase ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

            var found = (await FindAsync(query)).ToDictionary(h => h.Part, h => MatchOf(h.Snippet));

            Assert.Equal(
                said.Where(s => s.Value.Text.Contains(query.Text, comparison)).Select(s => s.Key.Value).Order(StringComparer.Ordinal),
                found.Keys.Select(k => k.Value).Order(StringComparer.Ordinal));
            Assert.All(found.Values, match => Assert.True(match.Equals(query.Text, comparison), match));
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("(", true)]
    public void A_query_that_breaks_a_rule_is_refused_at_once(string text, bool isRegex) =>
        Assert.Throws<InvalidRequestException>(() => Store.SearchAsync(new SearchQuery(text, isRegex), Cancellation));

    [Fact]
    public async Task A_search_that_is_cancelled_says_so()
    {
        await using var writer = await CreateAsync();
        await writer.AppendAsync([Some.Message("stilt")], null, Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.SearchAsync(new SearchQuery("stilt"), new CancellationToken(canceled: true)).ToListAsync(Cancellation));
    }

    // All that JSON escapes, other scripts, pairs, letters with a case and without, spaces that are none.
    private static string RandomText(Random random)
    {
        string[] pieces =
        [
            "goose", "Gander", "ÄÖ", "ß", "é", "日本", "語", "🦢", "𐐨", "\"", "\\", "\n", "\t", "\u0001", "\u00a0", "\u2028", "\u3000", "\u007f", "\ue000", "\ufeff",
            "/", "<", "'", "K", "\u212a", "i", "\u0130", "σ", "ς", "Σ", "{\"type\":\"text\"}", "\\u0041", " ", "x",
        ];
        return string.Concat(random.GetItems(pieces, random.Next(1, 12)));
    }

    private static string Piece(Random random, string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        var start = random.Next(runes.Length);
        return string.Concat(runes.AsSpan(start, random.Next(1, Math.Min(6, runes.Length - start) + 1)).ToArray());
    }

    [Fact]
    public async Task A_regular_expression_finds_what_it_matches_of_all_texts_and_nothing_else()
    {
        var random = new Random(7);
        // What looks around can take for ever; of that only what is written below.
        var patterns = Enumerable.Range(0, 500).Select(_ => RandomPattern.Next(random))
            .Where(p => p.Pattern.Length is > 0 and <= TextMatcher.LongestText && !p.Pattern.Contains("(?=", StringComparison.Ordinal) && !p.Pattern.Contains("(?!", StringComparison.Ordinal) && !p.Pattern.Contains("(?<=", StringComparison.Ordinal)).ToList();
        string[] others = ["", "12", "plain words", "a \"quoted\" C:\\path <b>&amp;</b>", "größer ÄÖÜ \u212A 日本語 🦢", "first\nsecond\r\n\tthird", new string('x', 70_000) + "end"];
        string[] texts = [.. others, .. patterns.Take(120).Select(p => p.Text)];
        await using var writer = await CreateAsync();
        var answer = Answer();
        await writer.AppendAsync([answer, .. texts.Select(text => Said(answer, new TextPart(text)))], null, Cancellation);
        string[] written = [@"\d+", "^second$", "(?<=C:)\\\\", "path", "(one|quoted)", @"\bÄöÜ\b", "x+end", "日.語", "🦢", "(?i)PLAIN", "(?-i)PLAIN", @"&amp;|\d{2}", @"""quoted""", "[^a-z]", "$", "k", "prt_", "text"];

        foreach (var (pattern, matchCase) in patterns.Skip(120).Select(p => p.Pattern).Concat(written).Select((p, i) => (p, i % 3 == 0)))
        {
            if (RequiredTextTests.Matcher(pattern, matchCase) is not { } matcher)
                continue;

            var expected = texts.Select((text, i) => (Seq: i + 3L, Match: matcher.Find(text))).Where(t => t.Match is not null).Select(t => (t.Seq, MatchOf(t.Match!)));
            var hits = await FindAsync(new SearchQuery(pattern, IsRegex: true, MatchCase: matchCase, Limit: 1000));
            Assert.True(expected.Reverse().SequenceEqual(hits.Select(h => (h.Seq, MatchOf(h.Snippet)))), $"'{pattern}', whose case counts: {matchCase}");
        }
    }
}
