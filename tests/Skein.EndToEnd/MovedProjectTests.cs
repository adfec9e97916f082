using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A project that is moved takes its sessions along.</summary>
public sealed class MovedProjectTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task Sessions_are_found_and_gone_on_with_where_the_repository_was_moved_to()
    {
        Requires.Programs("git");
        await ShellAsync("git init -q && git -c user.name=Ada -c user.email=a@b commit -q --allow-empty -m first && git clone -q . ../clone");
        await _user.GoodAsync("run", "--model", _user.Script("One.", "Two."), "Count the geese.");
        Assert.Contains("No sessions", (await ShellAsync("cd ../clone && skein ls")).Error, StringComparison.Ordinal);
        Assert.Equal("", (await ShellAsync("cd ../clone && skein cost -w . && skein search -w . geese")).Out);

        var listed = await ShellAsync("mv \"$PWD\" ../moved && cd ../moved && skein ls");
        Assert.Contains("Count the geese.", listed.Out, StringComparison.Ordinal);
        Assert.Contains(_user.Project, listed.Out, StringComparison.Ordinal);
        Assert.Contains("Count the geese.", (await ShellAsync("cd ../moved && skein search -w . geese")).Out, StringComparison.Ordinal);
        Assert.Contains(_user.Project, (await ShellAsync("cd ../moved && skein cost -w . --by workspace")).Out, StringComparison.Ordinal);
        var gone = await ShellAsync("cd ../moved && skein run -c 'And now?'");
        Assert.Equal("Two.\n", gone.Out);
        Assert.Contains($"{_user.Project} is not there any more; the session goes on in {Moved}", gone.Error, StringComparison.Ordinal);

        var session = (await _user.JsonAsync("ls", "--workspace", Moved)).GetProperty("items")[0];
        Assert.Equal(Moved, session.GetProperty("workspace").GetString());
        Assert.Contains("\"type\":\"session.moved\"", await LogAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_without_a_repository_is_followed_once_its_user_marked_it()
    {
        var unknown = await _user.RunAsync("project");
        Assert.Equal((1, ""), (unknown.Code, unknown.Out));
        Assert.Empty(Directory.GetFiles(_user.Project));

        var marked = await _user.GoodAsync("project", "--mark");
        await _user.GoodAsync("run", "--model", _user.Script("One."), "Count the geese.");
        var listed = await ShellAsync("mv \"$PWD\" ../moved && cd ../moved && skein project && skein ls");
        var moved = await ShellAsync("cd ../moved && skein move 1 && skein ls --json");

        Assert.Matches("^id:[0-9a-f]{32}\n$", marked.Out);
        Assert.StartsWith(marked.Out, listed.Out, StringComparison.Ordinal);
        Assert.Contains("Count the geese.", listed.Out, StringComparison.Ordinal);
        Assert.Contains($"\"workspace\":\"{Moved}\"", moved.Out, StringComparison.Ordinal);
    }

    private string Moved => Path.Combine(Path.GetDirectoryName(_user.Project)!, "moved");

    private async Task<string> LogAsync() =>
        await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "ses_*.jsonl", SearchOption.AllDirectories).Single(), TestContext.Current.CancellationToken);

    private async Task<ProgramRun> ShellAsync(string line)
    {
        Directory.CreateDirectory(_user.Project);
        var run = await _user.ShellAsync(line);
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
