using Skein.Cli.Repl.Editing;

namespace Skein.Tests.Cli.Repl.Editing;

public sealed class EditLayoutTests
{
    [Fact]
    public void Rows_wrap_at_the_width_and_wide_characters_are_never_cut_in_two()
    {
        var layout = EditLayout.Of(With("abcd漢字e\nf"), 5);

        Assert.Equal(["abcd", "漢字e", "f"], layout.Rows);
        Assert.Equal((2, 1), (layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void The_cursor_behind_a_full_row_stands_on_the_next()
    {
        var layout = EditLayout.Of(With("abcde"), 5);

        Assert.Equal(["abcde", ""], layout.Rows);
        Assert.Equal((1, 0), (layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void A_full_row_before_a_new_line_takes_no_row_more() =>
        Assert.Equal(["abcde", "f"], EditLayout.Of(With("abcde\nf"), 5).Rows);

    [Fact]
    public void Up_and_down_keep_the_column_and_end_at_the_edges()
    {
        var buffer = With("漢字漢字\nab\nlonger");
        buffer.MoveTo("漢字漢字\nab\nlong".Length);

        buffer.MoveTo(EditLayout.Of(buffer, 40).Above(buffer, 40, -1)!.Value);
        Assert.Equal("漢字漢字\nab|\nlonger", buffer.ToString());
        buffer.MoveTo(EditLayout.Of(buffer, 40).Above(buffer, 40, -1)!.Value);
        Assert.Equal("漢|字漢字\nab\nlonger", buffer.ToString());
        Assert.Null(EditLayout.Of(buffer, 40).Above(buffer, 40, -1));
    }

    [Fact]
    public void A_character_wider_than_the_terminal_still_ends() =>
        Assert.Equal(["漢", "字", ""], EditLayout.Of(With("漢字"), 1).Rows);

    private static EditBuffer With(string text)
    {
        var buffer = new EditBuffer();
        buffer.Insert(text);
        return buffer;
    }
}
