using System.Text.RegularExpressions;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>The first thing that a newcomer runs.</summary>
public sealed partial class DemoTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task The_demo_holds_and_what_it_leaves_can_be_tried()
    {
        Requires.Programs("git");
        _user.Variables["TMPDIR"] = _user.Project;

        var demo = await _user.RunAsync("demo");

        Assert.True(demo.Code == 0, demo.ToString());
        Assert.Contains("The model is scripted", demo.Out, StringComparison.Ordinal);
        var commands = Command().Matches(demo.Out).Select(m => m.Value.Trim()).ToArray();
        Assert.Equal(3, commands.Length);
        foreach (var command in commands)
        {
            var run = await _user.ShellAsync(command);
            Assert.True(run.Code == 0, $"{command}\n{run}");
        }

        var left = Assert.Single(Directory.GetDirectories(_user.Project));
        Assert.Equal(["home"], Directory.GetFileSystemEntries(left).Select(Path.GetFileName));
        await _user.ShellAsync(commands[0][..commands[0].IndexOf(" ls", StringComparison.Ordinal)] + " stop");
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_git_it_says_so_and_leaves_nothing()
    {
        _user.Variables["TMPDIR"] = _user.Project;

        var demo = await _user.ShellAsync($"PATH=/nowhere '{PublishedProgram.Path}' demo");

        Assert.Equal(1, demo.Code);
        Assert.Contains("needs git", Assert.Single(demo.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_user.Project));
    }

    [GeneratedRegex("^  SKEIN_HOME=.*$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
