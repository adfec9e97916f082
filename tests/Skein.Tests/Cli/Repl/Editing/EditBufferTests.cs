using Skein.Cli.Repl.Editing;

namespace Skein.Tests.Cli.Repl.Editing;

public sealed class EditBufferTests
{
    private readonly EditBuffer _buffer = new();

    [Fact]
    public void The_cursor_moves_over_characters_as_people_see_them()
    {
        _buffer.Insert("ae\u0301👨‍👩‍👧漢");

        _buffer.Left();
        Assert.Equal("ae\u0301👨‍👩‍👧|漢", _buffer.ToString());
        _buffer.Backspace();
        Assert.Equal("ae\u0301|漢", _buffer.ToString());
        _buffer.Left();
        _buffer.Delete();
        Assert.Equal("a|漢", _buffer.ToString());
    }

    [Fact]
    public void Words_and_lines_are_moved_over_killed_and_put_back()
    {
        _buffer.Insert("first line\nsecond_word, third");

        _buffer.WordLeft();
        _buffer.WordLeft();
        Assert.Equal("first line\n|second_word, third", _buffer.ToString());
        _buffer.WordRight();
        _buffer.KillToEnd();
        Assert.Equal("first line\nsecond_word|", _buffer.ToString());
        _buffer.Home();
        _buffer.Yank();
        Assert.Equal("first line\n, third|second_word", _buffer.ToString());
        _buffer.KillWord();
        Assert.Equal("first line\n, |second_word", _buffer.ToString());
        _buffer.KillToStart();
        _buffer.KillToStart();
        Assert.Equal("first line|second_word", _buffer.ToString());
    }

    [Fact]
    public void Nothing_happens_at_the_ends()
    {
        _buffer.Backspace();
        _buffer.Delete();
        _buffer.Left();
        _buffer.Right();
        _buffer.KillWord();
        _buffer.KillToEnd();
        _buffer.WordLeft();
        _buffer.WordRight();

        Assert.Equal("|", _buffer.ToString());
    }

    [Fact]
    public void A_long_paste_is_one_character_and_itself_again_when_sent()
    {
        var pasted = string.Join('\n', Enumerable.Range(1, 120));
        _buffer.Insert("see ");
        _buffer.Paste(pasted);
        _buffer.Insert(" please");

        Assert.Equal("see [pasted 120 lines] please", string.Concat(EditLayout.Of(_buffer, 80).Rows));
        Assert.Equal($"see {pasted} please", _buffer.Expanded);
        for (var i = 0; i < " please".Length; i++)
            _buffer.Left();
        _buffer.Backspace();
        Assert.Equal("see | please", _buffer.ToString());
        Assert.Equal("see  please", _buffer.Expanded);
    }

    [Fact]
    public void A_paste_that_was_killed_comes_back_even_into_the_next_line()
    {
        var pasted = string.Join('\n', Enumerable.Range(1, 50));
        _buffer.Paste(pasted);
        _buffer.KillToStart();
        _buffer.Clear();
        _buffer.Yank();

        Assert.Equal(pasted, _buffer.Expanded);
    }

    [Fact]
    public void A_short_paste_is_text_and_controls_are_left_out()
    {
        _buffer.Paste("one\r\ntwo\e[2J\U00100000");

        Assert.Equal("one\ntwo|", _buffer.ToString());
    }
}
