using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Core;
using Skein.Core.Search;
using Skein.Testing;

namespace Skein.Tests.Core;

public sealed class RequiredTextTests
{
    [Theory]
    [InlineData(@"zugunruhe\d+", false, "zugunruhe")]
    [InlineData(@"zugunruhe\d+", true, "zugunruhe")]
    [InlineData(@"^\s*error: (cannot find) \w+", false, "cannot find")]
    [InlineData("abc*d?efgh+i", false, "efgh")]
    [InlineData("(?:abcdef)?gh", false, "gh")]
    [InlineData("(?:abcdef){2}gh", false, "abcdef")]
    [InlineData("(?:abcdef){0,2}gh", false, "gh")]
    [InlineData("abc{0}d", false, "ab")]
    [InlineData("ab{3}c", false, "ab")]
    [InlineData("abc|abd", false, "")]
    [InlineData("(?:one|other)third", false, "third")]
    [InlineData("(?=lookahead)xy(?<!behind)", false, "xy")]
    [InlineData("(?<name>inner)x", false, "inner")]
    [InlineData("(?<a-b>inner)x", false, "")]
    [InlineData("(?i)inner", false, "inner")]
    [InlineData("(?i)inner", true, "")]
    [InlineData("(?-i:inner)", false, "inner")]
    [InlineData("(?x) in ner", false, "")]
    [InlineData("in(?#comment)ner", false, "")]
    [InlineData(@"a\.b\\cde", false, "a.b")]
    [InlineData(@"\x41bc", false, "")]
    [InlineData(@"\p{Lu}bc", false, "")]
    [InlineData("[a]]bc", false, "]bc")]
    [InlineData("[]a]bc", false, "bc")]
    [InlineData("[a-z-[b]]bc", false, "")]
    [InlineData("Kestrel", false, "estrel")]
    [InlineData("Kestrel", true, "Kestrel")]
    [InlineData("größer", false, "gr")]
    [InlineData("雁が飛ぶ+", false, "雁が飛ぶ")]
    [InlineData("say \"hello\"", false, "hello")]
    [InlineData("a🦢*bc", false, "bc")]
    [InlineData("foo{bar}", false, "bar}")]
    public void What_must_stand_in_every_match_is_read_from_the_pattern(string pattern, bool matchCase, string required) =>
        Assert.Equal(required, Encoding.UTF8.GetString(RequiredText.LongestPlain(pattern, matchCase)));

    [Fact]
    public void No_character_beyond_ASCII_but_the_sign_for_kelvin_matches_a_letter_of_it()
    {
        var others = string.Concat(Enumerable.Range(128, 0x10000 - 128).Select(v => (char)v));

        var matched = Enumerable.Range('a', 26).Select(c => (char)c)
            .SelectMany(c => new[] { RegexOptions.None, RegexOptions.NonBacktracking }.Select(how => new Regex($"{c}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | how)))
            .SelectMany(regex => regex.Matches(others).Select(match => $"{regex}{match.Value}"))
            .Distinct();

        Assert.Equal(["k\u212A"], matched);
    }

    [Fact]
    public void Whatever_matches_a_pattern_nobody_wrote_has_the_bytes_looked_for_first()
    {
        var random = new Random(12);
        var (matches, needles, rounds) = (0, 0, Rounds.Of(3000));
        for (var round = 0; round < rounds; round++)
        {
            var (pattern, text) = RandomPattern.Next(random);
            if (pattern.Length is 0 or > TextMatcher.LongestText || Matcher(pattern, matchCase: round % 2 == 0) is not { Needle: { } needle } matcher)
                continue;

            needles++;
            foreach (var candidate in (string[])[text, Flip(random, text), $"é{text}K", text.Replace('k', '\u212A')])
            {
                if (!Matches(matcher, candidate))
                    continue;

                matches++;
                var line = SafeJson.Clean(JsonSerializer.SerializeToUtf8Bytes(candidate, SkeinJson.Relaxed.Options)).Span;
                Assert.True(needle.IsIn(line), $"'{pattern}' matches '{candidate}', which does not have '{Encoding.UTF8.GetString(RequiredText.LongestPlain(pattern, round % 2 == 0))}'.");
                Assert.All(ByteNeedle.InEveryMatchOf(pattern, round % 2 == 0), each => Assert.True(each.IsIn(Encoding.UTF8.GetBytes(candidate))));
            }
        }

        Assert.True(needles > rounds / 6 && matches > needles, $"{needles} patterns with a text, {matches} matches");
    }

    /// <returns>Null where .NET refuses the pattern.</returns>
    internal static TextMatcher? Matcher(string pattern, bool matchCase)
    {
        try
        {
            return TextMatcher.For(new SearchQuery(pattern, IsRegex: true, MatchCase: matchCase));
        }
        catch (InvalidRequestException)
        {
            return null;
        }
    }

    private static bool Matches(TextMatcher matcher, string text)
    {
        try
        {
            return matcher.Find(text) is not null;
        }
        catch (InvalidRequestException)
        {
            // It went back for too long: then there is no answer to compare.
            return false;
        }
    }

    private static string Flip(Random random, string text) =>
        string.Concat(text.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c)));
}
