using Skein.Cli.Repl.Editing;
using Skein.Testing;

namespace Skein.Tests.Cli.Repl.Editing;

public sealed class LineEditorTests : IDisposable
{
    private const int Width = 40;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_sent_is_there_in_the_next_program_and_only_its_user_may_read_it()
    {
        var file = Path.Combine(_folder.Path, "history");
        var first = new LineEditor(History.Open(file));
        first.Remember("one\nwith \\n lines");
        first.Remember("two");
        first.Remember("two");

        var history = History.Open(file);

        Assert.Equal(["one\nwith \\n lines", "two"], history.Entries);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void Up_goes_back_and_down_returns_to_what_was_being_typed()
    {
        var editor = Remembering("one", "two");
        editor.Take(new Key(KeyKind.Text, "draft"), Width);

        editor.Take(new Key(KeyKind.Up), Width);
        Assert.Equal("two", editor.Buffer.Text);
        editor.Take(new Key(KeyKind.Up), Width);
        Assert.Equal("one", editor.Buffer.Text);
        Assert.False(editor.Take(new Key(KeyKind.Up), Width));
        editor.Take(new Key(KeyKind.Down), Width);
        editor.Take(new Key(KeyKind.Down), Width);
        Assert.Equal("draft", editor.Buffer.Text);
    }

    [Fact]
    public void A_search_finds_ever_older_entries_and_can_be_left()
    {
        var editor = Remembering("build it", "other", "rebuild all");
        editor.Take(new Key(KeyKind.Text, "draft"), Width);

        editor.Take(new Key(KeyKind.Search), Width);
        editor.Take(new Key(KeyKind.Text, "BUILD"), Width);
        Assert.Equal("rebuild all", editor.Buffer.Text);
        editor.Take(new Key(KeyKind.Search), Width);
        Assert.Equal("build it", editor.Buffer.Text);
        editor.Take(new Key(KeyKind.Search), Width);
        Assert.True(editor.NotFound);
        editor.Take(new Key(KeyKind.Escape), Width);
        Assert.Equal("draft", editor.Buffer.Text);
        Assert.Null(editor.Query);
    }

    [Fact]
    public void A_closing_backslash_goes_on_in_the_next_line()
    {
        var editor = Remembering();
        editor.Take(new Key(KeyKind.Text, "one\\"), Width);

        Assert.Null(editor.TakeEnter());
        editor.Take(new Key(KeyKind.Text, "two"), Width);
        Assert.Equal("one\ntwo", editor.TakeEnter());
        Assert.True(editor.Buffer.IsEmpty);
    }

    private static LineEditor Remembering(params string[] entries)
    {
        var history = History.Open(null);
        foreach (var entry in entries)
            history.Add(entry);
        return new LineEditor(history);
    }
}
