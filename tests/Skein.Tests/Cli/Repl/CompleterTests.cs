using Skein.Cli.Repl;
using Skein.Cli.Repl.Editing;
using Skein.Testing;

namespace Skein.Tests.Cli.Repl;

public sealed class CompleterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_command_that_is_begun_is_ended_and_several_are_gone_through()
    {
        var completer = new Completer(_folder.Path);
        var buffer = With("/hel");

        Assert.True(completer.Complete(buffer));
        Assert.Equal("/help |", buffer.ToString());

        buffer = With("/re");
        completer.Complete(buffer);
        Assert.Equal("/resume|", buffer.ToString());
        completer.Complete(buffer);
        Assert.Equal("/rename|", buffer.ToString());
        Assert.Contains("▸ /rename", completer.Hints(buffer));
    }

    [Fact]
    public void What_a_project_names_is_offered_beside_the_REPL_s_own()
    {
        var completer = new Completer(_folder.Path) { Named = [new SlashCommand("/review", "[file]", "looks at a change")] };
        var buffer = With("/rev");

        Assert.Contains(completer.Hints(buffer), h => h.Contains("/review [file]", StringComparison.Ordinal) && h.EndsWith("looks at a change", StringComparison.Ordinal));
        Assert.True(completer.Complete(buffer));
        Assert.Equal("/review |", buffer.ToString());
    }

    [Fact]
    public void Files_are_found_by_any_part_of_their_path_but_not_in_what_was_built()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "src"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "node_modules"));
        File.WriteAllText(Path.Combine(_folder.Path, "src", "Goose.cs"), "");
        File.WriteAllText(Path.Combine(_folder.Path, "node_modules", "goose.js"), "");
        var buffer = With("look at @goo");

        Assert.True(new Completer(_folder.Path).Complete(buffer));
        Assert.Equal("look at @src/Goose.cs |", buffer.ToString());
    }

    [Fact]
    public void What_is_no_command_and_no_file_is_left_alone()
    {
        var buffer = With("hello");

        Assert.False(new Completer(_folder.Path).Complete(buffer));
        Assert.Equal("hello|", buffer.ToString());
    }

    [Theory]
    [InlineData("/help", true)]
    [InlineData("/mode plan", true)]
    [InlineData("/usr/bin/env is missing", false)]
    [InlineData("/help\nme", false)]
    [InlineData("/", false)]
    public void A_path_is_no_command(string line, bool isOne) => Assert.Equal(isOne, SlashCommand.IsOne(line));

    [Fact]
    public void A_command_that_is_not_known_is_guessed_at()
    {
        Assert.Equal("There is no command /modle; did you mean /model?", SlashCommand.Unknown("/modle x", []));
        Assert.Equal("There is no command /reviwe; did you mean /review?", SlashCommand.Unknown("/reviwe x", [new SlashCommand("/review", "", "")]));
        Assert.Equal("There is no command /xyzzyx: see /help.", SlashCommand.Unknown("/xyzzyx", []));
    }

    private static EditBuffer With(string text)
    {
        var buffer = new EditBuffer();
        buffer.Insert(text);
        return buffer;
    }
}
