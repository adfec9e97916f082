using Skein.Cli.Screen;

namespace Skein.Tests.Cli.Screen;

public sealed class TextWidthTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("ümläut", 6)]
    [InlineData("漢字", 4)]
    [InlineData("한국어", 6)]
    [InlineData("ｆｕｌｌ", 8)]
    [InlineData("🎉", 2)]
    [InlineData("👩‍💻", 2)]
    [InlineData("❤️", 2)]
    [InlineData("e\u0301", 1)]
    [InlineData("…–✓", 3)]
    public void Columns_are_those_of_a_terminal(string text, int columns)
    {
        Assert.Equal(columns, TextWidth.Of(text));
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly", 7, "exactly")]
    [InlineData("too long", 5, "too …")]
    [InlineData("漢字漢字", 6, "漢字…")]
    [InlineData("漢字漢字", 5, "漢字…")]
    [InlineData("漢字漢字", 4, "漢…")]
    [InlineData("👩‍💻👩‍💻", 3, "👩‍💻…")]
    [InlineData("anything", 1, "…")]
    [InlineData("anything", 0, "")]
    public void A_line_is_cut_between_characters_never_within(string line, int columns, string cut)
    {
        Assert.Equal(cut, TextWidth.Cut(line, columns));
        Assert.True(TextWidth.Of(TextWidth.Cut(line, columns)) <= columns);
    }

    [Fact]
    public void A_fitted_line_has_exactly_its_columns()
    {
        Assert.Equal(9, TextWidth.Of(TextWidth.Fit("漢字漢字漢字", 9)));
        Assert.Equal("ab       ", TextWidth.Fit("ab", 9));
    }
}
