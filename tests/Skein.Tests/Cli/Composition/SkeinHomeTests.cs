using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Tests.Cli.Composition;

public sealed class SkeinHomeTests
{
    // C-03.
    [Theory]
    [InlineData("/srv/skein", "/home/ada", "/srv/skein")]
    [InlineData("mine", "/home/ada", "/work/project/mine")]
    [InlineData("", "/home/ada", "/home/ada/.skein")]
    [InlineData(null, "/home/ada", "/home/ada/.skein")]
    public void The_home_is_where_its_variable_says_else_in_the_user_s_folder(string? named, string user, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths look otherwise there.");

        Assert.Equal(expected, SkeinHome.Of(In("/work/project", name => name switch { "SKEIN_HOME" => named, "HOME" => user, _ => null })).Path);
    }

    private static Surroundings In(string folder, Func<string, string?> variable)
    {
        var terminal = new Terminal(TextWriter.Null, isTerminal: false, colors: false, width: 80);
        return new Surroundings(terminal, terminal, TextReader.Null, InputIsTerminal: false, folder, variable, TimeProvider.System);
    }
}
