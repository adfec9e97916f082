using System.Globalization;
using Skein.Testing;

namespace Skein.Tests.Agent.Checkpoints;

/// <summary>What a snapshot tells without git is what git would have told.</summary>
public sealed class TreeWitnessTests
{
    private static readonly string[] s_edits =
    [
        "true", "mkdir -p empty/er", "rmdir empty/er", "echo x > ignored.log", "echo y > build/out", "mkdir -p build/deep; echo z > build/deep/z", "rm -r build; mkdir build; echo o > build/o",
        "echo new > new", "rm -f new", "printf aaaa > same", "printf bbbb > same", "chmod +x same", "chmod -x same", "mv same other; printf cccc > same", "ln -sfn same link; rm -f tolink; ln -s link tolink",
        "rm -f link; echo file > link", "echo '*.txt' >> .gitignore", "printf '*.log\\nbuild/\\n' > .gitignore", "echo n > note.txt", "echo m >> sub/note.txt", "echo '!*.log' >> sub/.gitignore", "rm -f sub/.gitignore",
        "echo l > sub/a.log", "rm -rf venv; mkdir venv; echo '*' > venv/.gitignore; echo v > venv/v", "test -d venv && echo > venv/.gitignore", "mkdir -p only; echo i > only/i.log", "rm -rf only", "echo 'other' >> .git/info/exclude",
        ": > .git/info/exclude", "test -L sub || { mv sub away; ln -s away sub; }", "test -L sub && rm sub && mv away sub", "mkfifo pipe", "rm -f pipe; echo p > pipe", "rm -f ignored.log; mkdir ignored.log; echo i > ignored.log/i", "rm -rf ignored.log",
        "mkdir -p nested; cd nested; git init -q; echo n > n", "rm -rf nested", "touch same", "cp -p same copy; mv copy same",
    ];

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("SKEIN_TEST_FAULT_SEED"), CultureInfo.InvariantCulture, out var given) ? given : 20261128;

    [Fact]
    public async Task Whatever_was_edited_it_tells_what_git_tells_without_it()
    {
        using var workspace = new Workspace();
        await workspace.ShellAsync("git init -q; printf '*.log\\nbuild/\\n' > .gitignore; mkdir -p sub build; echo a > sub/a; echo b > build/b; printf 0000 > same");
        var random = new Random(Seed);

        for (var round = 0; round < Rounds.Of(200); round++)
        {
            var edit = s_edits[random.Next(s_edits.Length)];
            await workspace.ShellAsync($"({edit}) || true");
            for (var again = random.Next(1, 7); again > 0; again--)
                await workspace.TreeAsync();
            if (random.Next(2) == 0)
                await workspace.ShellAsync($"({edit = s_edits[random.Next(s_edits.Length)]}) || true");
            var told = await workspace.TreeAsync();

            // As after a new start: the same index, and no witness.
            workspace.Reopen();
            var expected = await workspace.TreeAsync();

            Assert.True(told == expected, $"Seed {Seed}, round {round}, after '{edit}': {told}, and by git {expected}.");
        }
    }

    [Fact]
    public async Task Where_nothing_changed_or_only_empty_folders_came_no_git_is_run()
    {
        Requires.Programs("git");
        using var folder = new TempFolder();
        var log = folder.Below("ran");
        var program = folder.Write("bin/git", $"#!/bin/sh\necho ran >> '{log}'\nPATH='{Environment.GetEnvironmentVariable("PATH")}' exec git \"$@\"\n");
        await Shell.RunAsync(folder.Path, "chmod +x bin/git");
        using var workspace = new Workspace($"{Path.GetDirectoryName(program)}:/usr/bin:/bin");
        await workspace.ShellAsync("git init -q; mkdir node_modules; echo n > node_modules/n; echo node_modules/ > .gitignore; echo a > a");
        async Task<int> RunsAsync()
        {
            var before = File.ReadAllLines(log).Length;
            await workspace.TreeAsync();
            return File.ReadAllLines(log).Length - before;
        }

        // The first looks are git's, until what was just written is older than a tick of the clock.
        var tree = await workspace.TreeAsync();
        var looks = 0;
        while (await RunsAsync() > 0)
            Assert.True(++looks < 1000, "Every look ran git.");

        await workspace.ShellAsync("mkdir one; echo m >> node_modules/m");
        Assert.Equal(0, await RunsAsync());
        await workspace.ShellAsync("mkdir -p one/two three");
        Assert.Equal(0, await RunsAsync());
        Assert.Equal(tree, await workspace.TreeAsync());
        await workspace.ShellAsync("echo b > one/two/b");
        Assert.True(await RunsAsync() > 0);
        Assert.NotEqual(tree, await workspace.TreeAsync());
    }
}
