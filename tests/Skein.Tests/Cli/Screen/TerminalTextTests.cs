using Skein.Cli.Screen;

namespace Skein.Tests.Cli.Screen;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain text, ümläut, 漢字, 🎉\n\tindented", "plain text, ümläut, 漢字, 🎉\n\tindented")]
    [InlineData("\e[31mred\e[0m", "red")]
    [InlineData("\e[2J\e[Hcleared", "cleared")]
    [InlineData("\e[38;2;1;2;3mtrue\e[?25lcolour", "truecolour")]
    [InlineData("a\e]0;a new title\ab", "ab")]
    [InlineData("a\e]8;;https://evil.example\e\\link\e]8;;\e\\b", "alinkb")]
    [InlineData("a\ePq#0;2;0;0;0\e\\b", "ab")]
    [InlineData("a\e_secret\e\\b\e^private\e\\c\eXstart\e\\d", "abcd")]
    [InlineData("a\u009b31mb", "ab")]
    [InlineData("a\u009d52;c;ZXZpbA==\u009cb", "ab")]
    [InlineData("a\u0090q\u009cb\u009ec\u009cd\u009fe\u009cf", "abdf")]
    [InlineData("a\ecb\e(Bc\e#8d\e7e", "abcde")]
    [InlineData("be\all, back\b, del\u007f, nul\0, shift\u000e", "bell, back, del, nul, shift")]
    [InlineData("c1\u0080\u0085\u0099 gone", "c1 gone")]
    [InlineData("a\u202eb\u202ac\u2066d\u2069e", "abcde")]
    [InlineData("one\r\ntwo\rthree", "one\ntwo\nthree")]
    [InlineData("the end \e", "the end ")]
    [InlineData("the end \e[12", "the end ")]
    [InlineData("\e\e[31mtwice", "twice")]
    [InlineData("a\e[31\nb", "a\nb")]
    public void Control_sequences_never_reach_a_terminal(string text, string shown)
    {
        Assert.Equal(shown, TerminalText.Clean(text));
    }

    [Fact]
    public void A_sequence_that_is_never_ended_hides_no_more_than_its_line()
    {
        Assert.Equal("before\nafter", TerminalText.Clean("before\e]0;title\nafter"));
    }

    [Fact]
    public void A_sequence_cut_anywhere_by_a_stream_is_still_one()
    {
        const string Text = "a\e[31mb\e]0;x\e\\c\u009b1md\r\ne";
        for (var cut = 0; cut <= Text.Length; cut++)
        {
            var stream = new TerminalText();

            Assert.Equal("abcd\ne", stream.Next(Text[..cut]) + stream.Next(Text[cut..]));
        }
    }

    [Fact]
    public void Json_says_the_same_without_what_turns_the_direction_or_controls()
    {
        const string Json = "{\"a\":\"x\u202ey\u0085\u007f漢🎉\"}";

        var escaped = TerminalText.EscapeJson(Json);

        Assert.Equal("{\"a\":\"x\\u202ey\\u0085\\u007f漢🎉\"}", escaped);
        Assert.Equal("x\u202ey\u0085\u007f漢🎉", System.Text.Json.JsonElement.Parse(escaped).GetProperty("a").GetString());
    }

    [Fact]
    public void One_line_stays_one_line()
    {
        Assert.Equal("a title in one line", TerminalText.CleanLine(" a title\r\nin\tone\u2028line\e[0m "));
    }
}
