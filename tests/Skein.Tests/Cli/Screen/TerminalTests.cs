using Skein.Cli.Screen;

namespace Skein.Tests.Cli.Screen;

public sealed class TerminalTests
{
    [Fact]
    public void Colours_are_for_a_terminal_that_wants_them()
    {
        Assert.Equal("\e[31mno\e[0m\n", Written(colors: true, t => t.WriteLine("no", Style.Bad)));
        Assert.Equal("no\n", Written(colors: false, t => t.WriteLine("no", Style.Bad)));
    }

    [Fact]
    public void What_others_said_brings_no_control_sequence_along()
    {
        Assert.Equal("\e[31mevil\e[0m\n", Written(colors: true, t => t.WriteLine("\e[2Jevil\e]0;x\a", Style.Bad)));
        Assert.Equal("evil", Written(colors: true, t => t.Write("\e[2Jevil")));
    }

    [Fact]
    public void A_status_line_goes_away_before_the_next_output()
    {
        var written = Written(colors: false, t =>
        {
            t.Status("working …");
            t.WriteLine("done");
        }, isTerminal: true);

        Assert.Equal("working …\r\e[Kdone\n", written);
    }

    [Fact]
    public void A_status_line_is_cut_to_the_terminal_and_never_written_to_a_file()
    {
        Assert.Equal("123456789012345678…", Written(colors: false, t => t.Status("12345678901234567890"), isTerminal: true, width: 20));
        Assert.Equal("", Written(colors: false, t => t.Status("working …"), isTerminal: false));
    }

    [Fact]
    public void A_line_is_ended_once()
    {
        Assert.Equal("text\n", Written(colors: false, t =>
        {
            t.EndLine();
            t.Write("text");
            t.EndLine();
            t.EndLine();
        }));
    }

    [Fact]
    public void A_table_is_cut_to_the_terminal_and_left_whole_in_a_file()
    {
        static void Show(Terminal terminal)
        {
            var table = new Table(["id", "title", "status"], elastic: 1);
            table.Add(("a1", Style.Accent), ("漢字漢字漢字漢字漢字 a long title", Style.Plain), ("idle", Style.Dim));
            table.Add(("b2", Style.Accent), ("\e[31mshort\nlines", Style.Plain), ("running", Style.Good));
            table.WriteTo(terminal);
        }

        Assert.Equal(
            """
            id  title         status
            a1  漢字漢字漢…   idle
            b2  short lines   running

            """, Written(colors: false, Show, isTerminal: true, width: 25));
        Assert.Equal(
            """
            id  title                              status
            a1  漢字漢字漢字漢字漢字 a long title  idle
            b2  short lines                        running

            """, Written(colors: false, Show, isTerminal: false, width: 25));
    }

    [Fact]
    public void Columns_give_way_one_after_the_other()
    {
        static void Show(Terminal terminal)
        {
            var table = new Table(["model", "title", "folder"], 0, 2, 1);
            table.Add(("a model of some length", Style.Plain), ("a title that stays", Style.Plain), ("/a/folder/somewhere", Style.Plain));
            table.WriteTo(terminal);
        }

        Assert.Contains("a model of some…  a title that stays  /a/folder/somewhere\n", Written(colors: false, Show, isTerminal: true, width: 57), StringComparison.Ordinal);
        Assert.Contains("a model of …  a title that stays  /a/folder/som…\n", Written(colors: false, Show, isTerminal: true, width: 48), StringComparison.Ordinal);
        Assert.Contains("a model of …  a title tha…  /a/folder/s…\n", Written(colors: false, Show, isTerminal: true, width: 40), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "now")]
    [InlineData(59, "now")]
    [InlineData(61, "1 min")]
    [InlineData(3600, "1 h")]
    [InlineData(3 * 86400, "3 d")]
    [InlineData(40 * 86400, "2026-10-12")]
    public void Times_are_told_as_people_do(int seconds, string told)
    {
        var now = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        Assert.Equal(told, Spans.Ago(now.AddSeconds(-seconds), now));
    }

    [Fact]
    public void Spans_and_counts_are_short()
    {
        Assert.Equal("340 ms", Spans.Took(TimeSpan.FromMilliseconds(340)));
        Assert.Equal("2.4 s", Spans.Took(TimeSpan.FromMilliseconds(2400)));
        Assert.Equal("3 min 5 s", Spans.Took(TimeSpan.FromSeconds(185)));
        Assert.Equal("950", Spans.Count(950));
        Assert.Equal("12.3k", Spans.Count(12_345));
        Assert.Equal("1.2M", Spans.Count(1_234_567));
    }

    private static string Written(bool colors, Action<Terminal> act, bool isTerminal = false, int width = 80)
    {
        var writer = new StringWriter();
        act(new Terminal(writer, isTerminal, colors, width));
        return writer.ToString();
    }
}
