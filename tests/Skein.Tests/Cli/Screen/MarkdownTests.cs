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
    [InlineData("`a``b` and `` `c` ``", "<Code>a``b| and |<Code>`c`")]
    [InlineData("`a``b", "`a``b")]
    [InlineData("~~gone~~ ~ here", "<Struck>gone| ~ here")]
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

    [Fact]
    public void A_table_is_held_until_it_ends_and_has_columns()
    {
        var markdown = new Markdown();
        string[] lines = ["| name | what | 数 |", "|------|:----:|---:|", "| geese | **V** | 12 |", "| `a\\|b` | 🦢 |"];

        Assert.All(lines, line => Assert.Empty(markdown.Next(line, 80)));
        Assert.Equal(
            ["name  │ what │ 数", "──────┼──────┼───", "geese │  V   │ 12", "a|b   │  🦢  │   ", "after"],
            Texts(markdown.Next("after", 80)));
        Assert.Empty(markdown.End(80));
    }

    [Fact]
    public void A_table_that_is_wider_than_the_terminal_has_cells_of_several_lines()
    {
        var markdown = new Markdown();
        string[] lines = ["| a | b |", "|---|---|", "| one two three | 数字数字数字数字 x |"];

        Assert.All(lines, line => Assert.Empty(markdown.Next(line, 20)));
        Assert.Equal(
            ["a        │ b", "─────────┼─────────", "one two  │ 数字数字", "three    │ 数字数字", "         │ x"],
            Texts(markdown.End(20)));
    }

    [Theory]
    [InlineData("| no table", "but a line")]
    [InlineData("| a | b |", "|---|")]
    [InlineData("|---|---|", "| a | b |")]
    public void What_begins_as_a_table_and_is_none_is_shown_as_it_is(string first, string second)
    {
        var markdown = new Markdown();

        Assert.Equal([first, second], Texts([.. markdown.Next(first, 80), .. markdown.Next(second, 80), .. markdown.End(80)]));
    }

    [Fact]
    public void A_table_that_has_no_room_is_shown_as_it_is() =>
        Assert.Equal(["| a long one | another |", "|---|---|"], Texts([.. Held("| a long one | another |", "|---|---|").End(10)]));

    [Fact]
    public void A_table_without_end_is_not_waited_for()
    {
        var markdown = Held("| a |", "|---|");

        Assert.NotEmpty(Enumerable.Range(0, 2000).SelectMany(_ => markdown.Next("| x |", 80)));
    }

    [Fact]
    public void Prose_breaks_between_words_below_its_item_and_code_and_addresses_stay_whole()
    {
        var markdown = new Markdown();
        string[] Next(string line) => [.. Texts(markdown.Next(line, 30))];

        Assert.Equal(["one two three four five six", "seven"], Next("one two three four five **six seven**"));
        Assert.Equal(["  • one two three four five", "    six  seven"], Next("  - one two three four five six  seven"));
        Assert.Equal(["│ one two three four five six", "│ seven"], Next("> one two three four five six seven"));
        Assert.Equal(["see https://example.org/a/very/long/address and that address", "there"], Next("see https://example.org/a/very/long/address and that address there"));
        Assert.Equal(["    one two three four five six seven"], Next("    one two three four five six seven"));
        Assert.Empty(Next("```"));
        Assert.Equal(["  one two three four five six seven"], Next("one two three four five six seven"));
        Assert.Empty(Next("```"));
        Assert.Equal(["数字数字数字数字数字数字数字数", "字"], WordWrap.Of([("数字数字数字数字数字数字数字数字", Style.Plain)], 30, cuts: true).Select(l => string.Concat(l.Pieces.Select(p => p.Text))));
    }

    private static Markdown Held(params string[] lines)
    {
        var markdown = new Markdown();
        Assert.All(lines, line => Assert.Empty(markdown.Next(line, 80)));
        return markdown;
    }

    private static IEnumerable<string> Texts(IEnumerable<(string Text, Style Style)[]> lines) => lines.Select(l => string.Concat(l.Select(p => p.Text)));

    private static string? Shown((string Text, Style Style)[]? pieces) =>
        pieces is null ? null : string.Join('|', pieces.Select(p => p.Style == Style.Plain ? p.Text : $"<{p.Style}>{p.Text}"));
}
