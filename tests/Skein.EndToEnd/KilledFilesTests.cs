using System.Diagnostics;
using System.Globalization;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>
/// A real server that is killed while it writes files: a git of the tests' own gives it the contents of some and then no more, and says so.
/// </summary>
public sealed class KilledFilesTests : IAsyncDisposable
{
    private const int Files = 200;

    private readonly User _user = new();

    private string Hang => Path.Combine(_user.OwnFolder, "hang");
    private string Reached => Path.Combine(_user.OwnFolder, "reached");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task A_restore_that_kill_9_ended_is_finished_by_the_next_server()
    {
        await InstallAsync();
        WriteAll(_user.Project, "old");
        await _user.GoodAsync("run", "--mode", "edits", "--model", Script(), "First.");
        await _user.GoodAsync("run", "-c", "Second.");
        WriteAll(_user.Project, "new");
        await _user.GoodAsync("run", "-c", "Third.");

        await KillWhileAsync("rewind", "1", "2", "--files");
        AssertHalf("old");
        await _user.GoodAsync("rename", "1", "opened");

        Assert.Equal(Files, Count("old"));
        Assert.Contains("Files that were being restored when the server died are restored now.", (await EventsAsync()).Out, StringComparison.Ordinal);
        await _user.GoodAsync("unrewind", "1", "--files");
        Assert.Equal(Files, Count("new"));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_merge_that_kill_9_ended_is_finished_by_the_next_server_and_is_taken_back_exactly()
    {
        await InstallAsync();
        WriteAll(_user.Project, "old");
        await _user.ShellAsync("git init -q; git add -A; git -c user.name=a -c user.email=a@b commit -qm one");
        await _user.GoodAsync("run", "--mode", "edits", "--model", Script(), "First.");
        var origin = (await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("id").GetString()!;
        var fork = await _user.JsonAsync("fork", "1", "--worktree");
        var id = fork.GetProperty("id").GetString()!;
        WriteAll(fork.GetProperty("workspace").GetString()!, "new");
        var before = FolderPrint.Of(_user.Project);

        await KillWhileAsync("merge", id);
        AssertHalf("new");
        await _user.GoodAsync("rename", origin, "opened");

        Assert.Equal(Files, Count("new"));
        Assert.Contains("fork.merged", (await EventsAsync(origin)).Out, StringComparison.Ordinal);
        await _user.GoodAsync("merge", id, "--abort");
        Assert.Equal(before, FolderPrint.Of(_user.Project));
    }

    private async Task InstallAsync()
    {
        Requires.Programs("git");
        var real = (await _user.ShellAsync("command -v git")).Out.Trim();
        var script = Path.Combine(_user.OwnFolder, "git.sh");
        await File.WriteAllTextAsync(
            script,
            $$"""
            #!/bin/sh
            [ -e '{{Hang}}' ] && [ "$1" = cat-file ] || exec '{{real}}' "$@"
            '{{real}}' "$@" | { dd bs=1 count=4000 2> /dev/null; echo > '{{Reached}}'; cat > /dev/null; }
            """,
            TestContext.Current.CancellationToken);
        await _user.ShellAsync($"chmod +x '{script}'; mkfifo '{Reached}'");
        _user.Install("git", script);
    }

    private async Task KillWhileAsync(params string[] command)
    {
        var server = await _user.ServerPidAsync();
        await File.WriteAllTextAsync(Hang, "", TestContext.Current.CancellationToken);
        using var running = _user.Start(command);
        await File.ReadAllTextAsync(Reached, TestContext.Current.CancellationToken);

        // The client first: it would have the next server carry the command out.
        running.Kill();
        using var process = Process.GetProcessById(server);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(Hang);
    }

    private void AssertHalf(string text) => Assert.InRange(Count(text), 1, Files - 1);

    private int Count(string text) => Names(_user.Project).Count(name => File.ReadAllText(name) == text + "\n");

    private Task<ProgramRun> EventsAsync(string session = "1") => _user.GoodAsync("export", session);

    private static void WriteAll(string folder, string text)
    {
        foreach (var name in Names(folder))
            File.WriteAllText(name, text + "\n");
    }

    private static IEnumerable<string> Names(string folder) =>
        Enumerable.Range(0, Files).Select(i => Path.Combine(folder, "f" + i.ToString(CultureInfo.InvariantCulture)));

    private string Script() => _user.ScriptOf(
        new { type = "text", text = "Nothing yet." },
        new { type = "call", tool = "write", arguments = new { path = "one", content = "1\n" } },
        new { type = "text", text = "Written." },
        new { type = "call", tool = "write", arguments = new { path = "two", content = "2\n" } },
        new { type = "text", text = "Written." });
}
