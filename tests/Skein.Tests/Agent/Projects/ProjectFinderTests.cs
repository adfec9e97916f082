using System.Diagnostics;
using Skein.Agent.Projects;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Projects;

public sealed class ProjectFinderTests : IDisposable
{
    private const string Commit = "git -c user.name=Ada -c user.email=ada@example.org commit -q --allow-empty -m";

    private readonly TempFolder _folder = new();
    private readonly ProjectFinder _finder = new(Environment.GetEnvironmentVariable("PATH"), TimeProvider.System);

    public ProjectFinderTests() => Requires.Programs("git");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_clone_a_work_tree_and_what_was_moved_are_the_same_project_at_the_same_path()
    {
        await ShellAsync($"git init -q one && cd one && mkdir -p src/pond && {Commit} first && {Commit} second && git branch side && git pack-refs --all && git gc -q");
        await ShellAsync("git clone -q one two && mkdir -p two/src/pond && git -C one worktree add -q ../three side");

        var top = await FindAsync("one");
        await ShellAsync("git -C one commit-graph write --reachable && cp -r one moved");

        Assert.Matches("^git:[0-9a-f]{40}$", top?.Root);
        Assert.Equal("", top!.Path);
        Assert.Equal(top, await FindAsync("two"));
        Assert.Equal(top, await FindAsync("three"));
        Assert.Equal(top, await FindAsync("moved"));
        Assert.Equal(top with { Path = "src/pond" }, await FindAsync("one/src/pond"));
        Assert.Equal(top with { Path = "src/pond" }, await FindAsync("two/src/pond"));
    }

    [Fact]
    public async Task Where_the_first_commit_cannot_be_told_nothing_is_guessed()
    {
        await ShellAsync($"git init -q one && cd one && {Commit} first && {Commit} second");
        await ShellAsync("git clone -q --depth 1 \"file://$PWD/one\" shallow");
        await ShellAsync($"git init -q empty && cp -r one roots && cd roots && first=$(git rev-parse HEAD) && git checkout -q --orphan other && {Commit} another && git -c user.name=A -c user.email=a@b merge -q --allow-unrelated-histories -m both $first");
        _folder.Write("odd/.git/HEAD", "ref: ../../../etc/passwd\n");

        foreach (var name in (string[])["shallow", "empty", "roots", "odd", "."])
            Assert.Null(await FindAsync(name));
    }

    [Fact]
    public async Task A_marked_folder_is_known_wherever_it_is_copied_and_the_nearest_name_counts()
    {
        await ShellAsync($"mkdir -p plain/below && git init -q one && cd one && {Commit} first && mkdir part");
        var id = await ProjectMark.WriteAsync(_folder.Below("plain"), Cancellation);
        await ProjectMark.WriteAsync(_folder.Path, Cancellation);
        await ShellAsync("cp -r plain copied");

        Assert.Equal(new Project($"id:{id}", ""), await FindAsync("copied"));
        Assert.Equal(new Project($"id:{id}", "below"), await FindAsync("plain/below"));
        Assert.StartsWith("git:", (await FindAsync("one/part"))!.Root, StringComparison.Ordinal);
        await ProjectMark.WriteAsync(_folder.Below("one"), Cancellation);
        Assert.StartsWith("id:", (await FindAsync("one/part"))!.Root, StringComparison.Ordinal);
        Assert.Equal(id, await ProjectMark.WriteAsync(_folder.Below("plain"), Cancellation));
        _folder.Write("odd/.skein-project", "../../etc/passwd\n");
        await Assert.ThrowsAsync<InvalidRequestException>(() => ProjectMark.WriteAsync(_folder.Below("odd"), Cancellation));
    }

    [Fact]
    public async Task Nothing_that_a_repository_names_is_run()
    {
        await ShellAsync($"git init -q one && cd one && {Commit} first");
        var ran = _folder.Below("ran");
        _folder.Write("trap", $"#!/bin/sh\ntouch '{ran}'\n");
        await ShellAsync("chmod +x trap && for hook in post-checkout pre-auto-gc reference-transaction fsmonitor-watchman post-index-change; do cp trap one/.git/hooks/$hook; done");
        var trap = _folder.Below("trap");
        File.AppendAllText(_folder.Below("one", ".git", "config"), $"""
            [core]
                fsmonitor = {trap}
                sshCommand = {trap}
                pager = {trap}
                hooksPath = {_folder.Below("one", ".git", "hooks")}
            [pager]
                rev-list = {trap}
            [alias]
                rev-list = !{trap}
            [remote "origin"]
                url = ssh://nowhere/x
                promisor = true
                uploadpack = {trap}
            [extensions]
                partialClone = origin
            """);
        await ShellAsync("git -C one status", trusted: false);
        Assert.True(File.Exists(ran), "git itself was to fall into the trap");
        File.Delete(ran);

        Assert.StartsWith("git:", (await FindAsync("one"))!.Root, StringComparison.Ordinal);

        Assert.False(File.Exists(ran));
    }

    private ValueTask<Project?> FindAsync(string name) => _finder.FindAsync(Path.GetFullPath(_folder.Below(name)), Cancellation);

    private async Task ShellAsync(string line, bool trusted = true)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", line])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["GIT_CONFIG_GLOBAL"] = "/dev/null", ["GIT_CONFIG_NOSYSTEM"] = "1" },
        })!;
        var (said, told) = (shell.StandardOutput.ReadToEndAsync(Cancellation), shell.StandardError.ReadToEndAsync(Cancellation));
        await shell.WaitForExitAsync(Cancellation);
        Assert.True(shell.ExitCode == 0 || !trusted, $"{line}\n{await said}{await told}");
    }
}
