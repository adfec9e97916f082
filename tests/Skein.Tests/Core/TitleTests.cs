using FsCheck;
using FsCheck.Fluent;
using Skein.Core;

namespace Skein.Tests.Core;

public sealed class TitleTests
{
    [Theory]
    [InlineData("Mend the test", "Mend the test")]
    [InlineData("  \n\n  Mend the test  \nIt fails.", "Mend the test")]
    [InlineData("One\r\nTwo", "One")]
    [InlineData("One\rTwo", "One")]
    [InlineData("   ", "")]
    [InlineData("", "")]
    public void A_title_is_the_first_line_that_says_something(string prompt, string title) =>
        Assert.Equal(title, Title(prompt));

    [Fact]
    public void A_title_comes_from_the_first_part_that_says_something() =>
        Assert.Equal("Mend it", SessionFold.TitleFrom([Part(new FilePart("image/png")), Part(new TextPart(" \n ")), Part(new TextPart("Mend it"))]));

    [Fact]
    public void A_prompt_without_words_gives_no_title() =>
        Assert.Equal("", SessionFold.TitleFrom([Part(new FilePart("image/png"))]));

    [Fact]
    public void A_long_line_is_cut_and_says_so()
    {
        Assert.Equal(new string('x', 80), Title(new string('x', 80)));
        Assert.Equal(new string('x', 79) + "…", Title(new string('x', 81)));
    }

    [Fact]
    public void A_cut_never_splits_a_character_in_two()
    {
        Assert.Equal(new string('x', 78) + "…", Title(new string('x', 78) + "😀😀😀"));
        Assert.Equal(new string('x', 77) + "😀…", Title(new string('x', 77) + "😀😀😀"));
    }

    [Fact]
    public void A_title_is_short_one_line_and_the_beginning_of_the_prompt() =>
        Prop.ForAll(
            Gen.OneOf(Gen.Elements("a", " ", "\n", "\r", "😀", "é", "\t", "word "), Gen.Constant("0123456789012345678901234567890123456789")).ArrayOf()
                .Select(pieces => string.Concat(pieces)).ToArbitrary(),
            prompt =>
            {
                var title = Title(prompt);
                return title.Length <= 80
                    && !title.AsSpan().ContainsAny('\r', '\n')
                    && prompt.Trim().StartsWith(title.TrimEnd('…'), StringComparison.Ordinal)
                    && (title.Length > 0 || prompt.Trim().Length == 0)
                    && (title.Length == 0 || !char.IsHighSurrogate(title.TrimEnd('…')[^1]));
            }).QuickCheckThrowOnFailure();

    private static string Title(string prompt) => SessionFold.TitleFrom([Part(new TextPart(prompt))]);

    private static MessagePart Part(Part content) => new(PartId.Parse("prt_01kah3q7d2f4h6j8k0m2n4p6q8"), content);
}
