using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Tests.Core;

public sealed class TextMatcherTests
{
    [Theory]
    [InlineData("geese", "Two GEESE fly", false, "GEESE")]
    [InlineData("geese", "Two GEESE fly", true, null)]
    [InlineData("GRÖSSER", "viel größer", false, null)]
    [InlineData("ÖFTER", "viel öfter", false, "öfter")]
    [InlineData("ΣΊΣΥΦΟΣ", "ο σίσυφοσ", false, "σίσυφοσ")]
    [InlineData("日本", "こんにちは日本語", false, "日本")]
    [InlineData("🦢", "a 🦢 lands", false, "🦢")]
    [InlineData("a\nb", "x A\nB y", false, "A\nB")]
    [InlineData("k", "\u212A", false, null)]
    [InlineData(".*", "dots . and stars *", false, null)]
    public void A_text_is_found_as_it_stands_case_aside(string sought, string text, bool matchCase, string? match) =>
        Assert.Equal(match, MatchOf(TextMatcher.For(new SearchQuery(sought, MatchCase: matchCase)).Find(text)));

    [Theory]
    [InlineData("^fail(ed|ure)$", "ok\nFAILED\nok", false, "FAILED")]
    [InlineData("^fail", "it did fail", false, null)]
    [InlineData("Fail", "fail", true, null)]
    [InlineData(@"(?<=error: )\w+", "error: nothing", false, "nothing")]
    [InlineData(@"(\w)\1\1", "zzz", false, "zzz")]
    [InlineData("x*", "aaxxa", false, "")]
    [InlineData("(a{100}){200}", "aaa", false, null)]
    [InlineData(@"\p{IsHiragana}+", "日本のlog", false, "の")]
    public void A_regular_expression_is_found_where_it_matches_first(string sought, string text, bool matchCase, string? match) =>
        Assert.Equal(match, MatchOf(TextMatcher.For(new SearchQuery(sought, IsRegex: true, MatchCase: matchCase)).Find(text)));

    [Fact]
    public void The_beginning_of_a_line_is_found_far_into_a_long_text()
    {
        var text = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"line {i}\n"));

        foreach (var line in (int[])[0, 10_000, 10_967, 20_000, 29_999])
            Assert.Equal($"line {line}", MatchOf(TextMatcher.For(new SearchQuery($"^line {line}$", IsRegex: true)).Find(text)));
    }

    [Theory]
    [InlineData("", false, "The text to search for has 0 characters: it must have 1 to 500.")]
    [InlineData("(", true, "'(' is not a regular expression: ")]
    [InlineData("[z-a]", true, "'[z-a]' is not a regular expression: ")]
    public void A_query_that_breaks_a_rule_is_refused_with_the_rule(string sought, bool isRegex, string message)
    {
        var refused = Assert.Throws<InvalidRequestException>(() => TextMatcher.For(new SearchQuery(sought, isRegex)));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_too_long_is_refused() =>
        Assert.Throws<InvalidRequestException>(() => TextMatcher.For(new SearchQuery(new string('x', 501))));

    [Fact]
    public void A_regular_expression_that_goes_back_for_ever_is_ended()
    {
        var matcher = TextMatcher.For(new SearchQuery(@"^(x+x+)+(?=y)", IsRegex: true));

        var refused = Assert.Throws<InvalidRequestException>(() => matcher.Find(new string('x', 40)));

        Assert.Contains("took longer than 1 s on one text", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(5000)]
    public void A_snippet_marks_the_match_and_cuts_no_character(int around)
    {
        var text = Swans(around) + "[the match]" + Swans(around);

        var snippet = TextMatcher.For(new SearchQuery("[THE MATCH]")).Find(text)!;

        Assert.Equal("[the match]", MatchOf(snippet));
        Assert.True(Rune.GetRuneAt(snippet.Text, 0).Value is 0x1F9A2 or '…' or '[');
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(snippet.Text)));
        Assert.InRange(snippet.Text.Length, Math.Min(text.Length, 100), 60 + 100 + 11 + 4);
        Assert.Contains(snippet.Text.Trim('…'), text, StringComparison.Ordinal);
        Assert.Equal(around > 30, snippet.Text.StartsWith('…'));
        Assert.Equal(around > 50, snippet.Text.EndsWith('…'));
    }

    [Fact]
    public void A_match_that_is_very_long_is_cut()
    {
        var snippet = TextMatcher.For(new SearchQuery("a.*z", IsRegex: true)).Find("a" + new string('-', 5000) + "z")!;

        Assert.Equal((0, 200), (snippet.Start, snippet.Length));
        Assert.EndsWith("-…", snippet.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bytes_looked_for_first_are_in_every_text_that_matches()
    {
        // The longest stretch that stands in JSON as it is; the rest is left to the matcher.
        foreach (var (sought, matchCase, plain) in (IReadOnlyList<(string, bool, string?)>)
        [
            ("Kestrel", false, "Kestrel"), ("say \"hello world\"", false, "hello world"), ("C:\\Users\\ada", false, "Users"), ("größer", false, "gr"),
            ("größer", true, "größer"), ("ÄÖÜ", false, null), ("\"\n\\", false, null), ("雁が飛ぶ", false, "雁が飛ぶ"), ("a🦢b", false, "a🦢b"), ("x\u00a0yz", true, "yz"),
        ])
        {
            Assert.Equal(plain ?? "", Encoding.UTF8.GetString(PlainRun.Longest(sought, matchCase)));
            Assert.Equal(plain is null, TextMatcher.For(new SearchQuery(sought, MatchCase: matchCase)).Needle is null);
        }
    }

    [Fact]
    public void What_counts_as_plain_is_written_by_JSON_as_it_is_and_has_no_other_case()
    {
        var others = new Dictionary<string, List<int>>();
        foreach (var rune in AllRunes())
        {
            var folded = rune.ToString().ToUpperInvariant();
            others.TryAdd(folded, []);
            others[folded].Add(rune.Value);
        }

        foreach (var rune in AllRunes().Where(r => PlainRun.IsPlain(r, matchCase: false)))
        {
            var same = others[rune.ToString().ToUpperInvariant()];
            Assert.True(same.Count == 1 || (rune.IsAscii && same.All(s => s < 128)), $"U+{rune.Value:X4}");
        }

        var plain = string.Concat(AllRunes().Where(r => PlainRun.IsPlain(r, matchCase: true)));
        var json = SafeJson.Clean(JsonSerializer.SerializeToUtf8Bytes(plain, SkeinJson.Relaxed.Options)).Span;
        Assert.Equal($"\"{plain}\"", Encoding.UTF8.GetString(json));
    }

    [Fact]
    public void A_needle_is_found_wherever_it_stands_and_nowhere_else()
    {
        var random = new Random(4);
        for (var round = 0; round < 20_000; round++)
        {
            var hay = RandomBytes(random, random.Next(0, 200));
            var needle = RandomBytes(random, random.Next(1, 5));
            var matchCase = random.Next(2) == 0;

            var at = new ByteNeedle(needle, matchCase).IndexOf(hay);

            Assert.Equal(
                Encoding.Latin1.GetString(hay).IndexOf(Encoding.Latin1.GetString(needle), matchCase ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase),
                at);
        }
    }

    // Few different ones, so that much nearly fits; none whose other case is not ASCII's.
    private static byte[] RandomBytes(Random random, int length) => random.GetItems<byte>("aAbB[{@` "u8, length);

    private static IEnumerable<Rune> AllRunes() => Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(v => new Rune(v));

    private static string Swans(int count) => string.Concat(Enumerable.Repeat("🦢", count));

    private static string? MatchOf(Snippet? snippet) => snippet?.Text.Substring(snippet.Start, snippet.Length);
}
