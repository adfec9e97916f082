using System.Text.RegularExpressions;

namespace Skein.EndToEnd;

/// <summary>A machine that has no sandbox: its PATH has a shell, and no bubblewrap.</summary>
public sealed partial class NoSandboxTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task It_is_said_once_and_commands_are_asked_about_also_in_auto()
    {
        _user.Install("bash", "/bin/bash");
        _user.Install("sh", "/bin/sh");
        var call = new { type = "call", tool = "bash", arguments = new { command = "echo geese > made" } };
        var model = _user.ScriptOf(call, call, new { type = "text", text = "Done." });

        var run = await _user.ShellAsync($"PATH='{Path.Combine(_user.OwnFolder, "bin")}' '{PublishedProgram.Path}' run --mode auto --model '{model}' go");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Single(Missing().Matches(run.Out + run.Error));
        Assert.Contains("no terminal to ask on: $ echo geese > made", run.Out + run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Project, "made")));
    }

    [GeneratedRegex("no sandbox can be had, so commands are asked about: bwrap is not there")]
    private static partial Regex Missing();
}
