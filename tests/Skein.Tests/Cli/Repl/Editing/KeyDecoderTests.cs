using System.Text;
using Skein.Cli.Repl.Editing;

namespace Skein.Tests.Cli.Repl.Editing;

public sealed class KeyDecoderTests
{
    [Theory]
    [InlineData("\r", nameof(KeyKind.Enter))]
    [InlineData("\n", nameof(KeyKind.NewLine))]
    [InlineData("\e\r", nameof(KeyKind.NewLine))]
    [InlineData("\e[13;2u", nameof(KeyKind.NewLine))]
    [InlineData("\e[A", nameof(KeyKind.Up))]
    [InlineData("\eOB", nameof(KeyKind.Down))]
    [InlineData("\e[1;5C", nameof(KeyKind.WordRight))]
    [InlineData("\eb", nameof(KeyKind.WordLeft))]
    [InlineData("\e[H", nameof(KeyKind.Home))]
    [InlineData("\e[4~", nameof(KeyKind.End))]
    [InlineData("\x01", nameof(KeyKind.Home))]
    [InlineData("\x05", nameof(KeyKind.End))]
    [InlineData("\x0b", nameof(KeyKind.KillToEnd))]
    [InlineData("\x15", nameof(KeyKind.KillToStart))]
    [InlineData("\x17", nameof(KeyKind.KillWord))]
    [InlineData("\x19", nameof(KeyKind.Yank))]
    [InlineData("\x12", nameof(KeyKind.Search))]
    [InlineData("\x03", nameof(KeyKind.Interrupt))]
    [InlineData("\x04", nameof(KeyKind.EndOfInput))]
    [InlineData("\x1a", nameof(KeyKind.Suspend))]
    [InlineData("\x7f", nameof(KeyKind.Backspace))]
    [InlineData("\e[3~", nameof(KeyKind.Delete))]
    [InlineData("\t", nameof(KeyKind.Tab))]
    [InlineData("\e[Z", nameof(KeyKind.BackTab))]
    public void A_key_is_known_by_its_bytes_in_one_piece_or_byte_by_byte(string bytes, string kind)
    {
        var expected = new[] { new Key(Enum.Parse<KeyKind>(kind)) };

        Assert.Equal(expected, new KeyDecoder().Next(Encoding.UTF8.GetBytes(bytes)));
        Assert.Equal(expected, OneByOne(bytes));
    }

    [Fact]
    public void Text_is_whole_characters_even_where_they_come_in_pieces()
    {
        Assert.Equal([new Key(KeyKind.Text, "a漢👍")], new KeyDecoder().Next("a漢👍"u8));
        Assert.Equal("a漢👍", string.Concat(OneByOne("a漢👍").Select(k => k.Text)));
    }

    [Fact]
    public void An_escape_alone_is_a_key_once_nothing_follows()
    {
        var decoder = new KeyDecoder();

        Assert.Empty(decoder.Next("\e"u8));
        Assert.True(decoder.IsPending);
        Assert.Equal([new Key(KeyKind.Escape)], decoder.Flush());
        Assert.False(decoder.IsPending);
        Assert.Empty(decoder.Flush());
        Assert.Equal([new Key(KeyKind.Text, "[A")], decoder.Next("[A"u8));
    }

    [Fact]
    public void A_sequence_that_is_not_known_types_nothing()
    {
        Assert.Equal([new Key(KeyKind.Text, "x")], new KeyDecoder().Next("\e[38;5;1m\e[?1;2cx"u8));

        var decoder = new KeyDecoder();
        decoder.Next("\e[12"u8);
        Assert.Empty(decoder.Flush());
        Assert.Equal([new Key(KeyKind.Text, "x")], decoder.Next("x"u8));
    }

    [Fact]
    public void What_is_pasted_is_no_command_whatever_it_holds()
    {
        const string Pasted = "one\r\ntwo\e[A\x03 漢";
        var expected = new[] { new Key(KeyKind.Text, "a"), new Key(KeyKind.Paste, Pasted), new Key(KeyKind.Enter) };

        Assert.Equal(expected, new KeyDecoder().Next(Encoding.UTF8.GetBytes($"a\e[200~{Pasted}\e[201~\r")));
        Assert.Equal(expected, OneByOne($"a\e[200~{Pasted}\e[201~\r"));
    }

    private static List<Key> OneByOne(string bytes)
    {
        var decoder = new KeyDecoder();
        return [.. Encoding.UTF8.GetBytes(bytes).SelectMany(b => decoder.Next([b]))];
    }
}
