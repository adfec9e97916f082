using Skein.Cli.Screen;

namespace Skein.Tests.Cli.Screen;

public sealed class MarkdownTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("## A *title* ##", "<Heading>A *title*")]
    [InlineData("**bold** and *it* and `c*d*e`", "<Bold>bold| and |<Italic>it| and |<Code>c*d*e")]
    [InlineData("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name")]
    [InlineData("**open and `open", "**open and `open")]
    [InlineData("  - item", "  |<Accent>• |item")]
    [InlineData("- [x] done", "|<Accent>☑ |done")]
    [InlineData("12. twelfth", "|<Accent>12. |twelfth")]
    [InlineData("> said", "<Dim>│ |<Italic>said")]
    [InlineData("---", "<Dim>────────")]
    [InlineData("see [it](http://x/y)", "|see |<Accent>it <http://x/y>")]
    [InlineData("\\*no\\*", "*no*")]
    public void A_line_is_shown_as_what_it_means(string line, string expected) =>
        Assert.Equal(expected.TrimStart('|'), Shown(new Markdown().Line(line))!.TrimStart('|'));

    [Fact]
    public void A_block_of_code_is_coloured_and_its_markup_is_not_markup()
    {
        var markdown = new Markdown();

        Assert.Equal("<Dim>  cs", Shown(markdown.Line("```cs")));
        Assert.Equal("  |<Keyword>return| |<Literal>\"*a*\"|; |<Comment>// # not", Shown(markdown.Line("return \"*a*\"; // # not")));
        Assert.Null(markdown.Line("```"));
        Assert.Equal("<Heading>T", Shown(markdown.Line("# T")));
    }

    [Fact]
    public void A_diff_is_coloured_as_one()
    {
        var markdown = new Markdown();
        markdown.Line("~~~diff");

        Assert.Equal("  |<Added>+new", Shown(markdown.Line("+new")));
        Assert.Equal("  |<Removed>-old", Shown(markdown.Line("-old")));
        Assert.Null(markdown.Line("~~~"));
    }

    [Fact]
    public void A_line_of_many_marks_is_not_searched_for_ever() =>
        Assert.Equal(10_000_000, new Markdown().Line(new string('*', 10_000_000))![0].Text.Length);

    private static string? Shown((string Text, Style Style)[]? pieces) =>
        pieces is null ? null : string.Join('|', pieces.Select(p => p.Style == Style.Plain ? p.Text : $"<{p.Style}>{p.Text}"));
}
