using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What became of files, taken back and brought back, as a person does it.</summary>
public sealed class FileCommandTests : IAsyncDisposable
{
    private readonly User _user = new();

    private string Goose => Path.Combine(_user.Project, "goose.txt");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task What_a_turn_changed_is_shown_by_the_commands()
    {
        Requires.Programs("git");
        _user.Write("goose.txt", "one\n");
        await _user.GoodAsync("run", "--mode", "edits", "--model", Script("two"), "Write two.");
        await _user.GoodAsync("run", "-c", "And?");

        Assert.Contains("-one\n+two\n", (await _user.GoodAsync("diff")).Out, StringComparison.Ordinal);
        Assert.Contains("diff --git a/goose.txt b/goose.txt\n", (await _user.GoodAsync("diff", "1", "1")).Out, StringComparison.Ordinal);
        Assert.Equal("M goose.txt  +1 -1\n1 file  +1 -1\n", (await _user.GoodAsync("diff", "1", "--stat")).Out);
        Assert.Contains("No file was changed.", (await _user.GoodAsync("diff", "1", "last")).Error, StringComparison.Ordinal);
        var json = JsonElement.Parse((await _user.GoodAsync("diff", "1", "1", "--json")).Out);
        Assert.Equal(("goose.txt", "modified"), (json.GetProperty("files")[0].GetProperty("path").GetString(), json.GetProperty("files")[0].GetProperty("kind").GetString()));
        var unknown = await _user.RunAsync("diff", "1", "7");
        Assert.Equal(2, unknown.Code);
        Assert.Contains("There is no turn 7", unknown.Error, StringComparison.Ordinal);

        _user.Write("goose.txt", "mine\n");
        var refused = await _user.RunAsync("rewind", "1", "--files");
        Assert.Equal(1, refused.Code);
        Assert.Contains("goose.txt. With force (--force of the commands)", refused.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task At_the_prompt_a_turn_is_undone_and_redone_with_its_files()
    {
        Requires.Programs("git");
        _user.Write("goose.txt", "one\n");
        await using var pane = await Pane.OpenAsync(_user, $"skein --mode edits --model {Script("two")}", height: 60);
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Write two.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("It is written.");
        await pane.TypeAsync("/diff");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("-one\n+two\n");

        await pane.TypeAsync("/undo");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("files restored");
        Assert.Equal("one\n", await ReadAsync());
        await pane.SeeAsync(screen => screen.Split("› Write two.").Length == 3, "the prompt in the line again");
        await pane.PressAsync("C-u");
        await pane.TypeAsync("/redo");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("3 messages again");
        await pane.SeeAsync(screen => screen.Split("files restored").Length == 3, "files restored twice");
        Assert.Equal("two\n", await ReadAsync());

        _user.Write("goose.txt", "mine\n");
        await pane.TypeAsync("/undo");
        await pane.PressAsync("Enter");
        Assert.Contains("M goose.txt  +1 -1", await pane.SeeAsync("› /undo --force"), StringComparison.Ordinal);
        Assert.Equal("mine\n", await ReadAsync());
        await pane.PressAsync("Enter");
        await pane.SeeAsync(screen => screen.Split("files restored").Length == 4, "files restored three times");
        Assert.Equal("one\n", await ReadAsync());
    }

    [Fact(Timeout = 180_000)]
    public async Task A_fork_works_in_a_worktree_of_its_own_which_goes_with_it()
    {
        Requires.Programs("git");
        await _user.GoodAsync("run", "--mode", "edits", "--model", Script("two", "three"), "Write two.");
        var refused = await _user.RunAsync("fork", "1", "--worktree");
        Assert.Contains("lies in no repository", refused.Error, StringComparison.Ordinal);
        await _user.ShellAsync("git init -q; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one");

        var fork = JsonElement.Parse((await _user.GoodAsync("fork", "1", "--worktree", "--branch", "try/it", "--json")).Out);
        var folder = fork.GetProperty("workspace").GetString()!;
        Assert.Equal((_user.Project + ".worktrees/try-it", "two\n"), (folder, await File.ReadAllTextAsync(Path.Combine(folder, "goose.txt"), TestContext.Current.CancellationToken)));
        var id = fork.GetProperty("id").GetString()!;
        Assert.Matches("^#.*\n1 .*\n\nForks in worktrees of this folder\n.*\n.*" + folder + "\n$", (await _user.GoodAsync("ls")).Out);
        Assert.Equal(id, (await _user.JsonAsync("ls", "--worktrees")).GetProperty("items")[0].GetProperty("id").GetString());
        await _user.GoodAsync("run", "-s", id, "Write three.");
        Assert.Equal(("two\n", "three\n"), (await ReadAsync(), await File.ReadAllTextAsync(Path.Combine(folder, "goose.txt"), TestContext.Current.CancellationToken)));

        _user.Write("goose.txt", "four\n");
        var conflict = await _user.RunAsync("merge", id);
        Assert.Equal(1, conflict.Code);
        Assert.Contains("both changed goose.txt", conflict.Error, StringComparison.Ordinal);
        Assert.Contains("git's marks", (await _user.GoodAsync("merge", id, "--conflicts", "markers")).Error, StringComparison.Ordinal);
        Assert.Matches("^<<<<<<< ses_.*\nfour\n=======\nthree\n>>>>>>> " + id + "\n$", await ReadAsync());
        Assert.Contains("Its last answer:\nIt is written.", (await _user.GoodAsync("show", "1", "--limit", "1")).Out, StringComparison.Ordinal);
        await _user.GoodAsync("merge", id, "--abort");
        Assert.Equal("four\n", await ReadAsync());

        File.WriteAllText(Path.Combine(folder, "mine"), "");
        await _user.GoodAsync("trash", id);
        var purged = await _user.GoodAsync("trash", id, "--purge", "--yes");
        Assert.Contains($"{folder} stays", purged.Error, StringComparison.Ordinal);
        Assert.True(Directory.Exists(folder));
    }

    // Each content is written in a turn of its own.
    private string Script(params string[] contents) => _user.ScriptOf(
    [
        .. contents.SelectMany(content => new object[]
        {
            new { type = "call", tool = "write", arguments = new { path = "goose.txt", content = content + "\n" } },
            new { type = "text", text = "It is written." },
        }),
        new { type = "text", text = "Nothing more." },
    ]);

    private Task<string> ReadAsync() => File.ReadAllTextAsync(Goose, TestContext.Current.CancellationToken);
}
