using Skein.Core;
using Skein.Core.Files;
using Skein.Testing;

namespace Skein.Tests.Agent.Checkpoints;

public sealed class FileCheckpointsTests : IDisposable
{
    private readonly Workspace _workspace = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _workspace.Dispose();

    [Fact]
    public async Task Bytes_modes_links_names_and_deletions_come_back_as_they_were()
    {
        var longest = new string('n', 255);
        File.WriteAllBytes(_workspace.Below("binary"), [0, 255, 13, 10, 13, 0, 26]);
        _workspace.Write("windows.txt", "one\r\ntwo\r\n");
        _workspace.Write("$Id$ ä 鵞 🪿\n\t\"'\\*?[x].txt", "$Id$");
        _workspace.Write($"deep/{longest}/{longest}/{longest}/end", "far");
        _workspace.Write("-rf", "a name");
        _workspace.Write("run.sh", "#!/bin/sh\n");
        _workspace.Write("empty", "");
        await _workspace.ShellAsync("chmod +x run.sh; ln -s run.sh link; ln -s nowhere/at/all dangling; mkdir folder; echo a > folder/a; ln -s folder tofolder");
        var (before, print) = (await _workspace.TreeAsync(), _workspace.Print());

        await _workspace.ShellAsync("chmod -x run.sh; ln -sf empty link; rm dangling tofolder; mkdir tofolder; echo b > tofolder/b; rm -r folder; echo f > folder; rm -r deep; rm -- -rf; echo x >> windows.txt; echo new > binary; mkdir -p new/er; echo n > new/er/n");
        File.Delete(_workspace.Below("$Id$ ä 鵞 🪿\n\t\"'\\*?[x].txt"));
        var (after, changed) = (await _workspace.TreeAsync(), _workspace.Print());

        Assert.Empty(await _workspace.RestoreAsync(before));
        Assert.Equal(print, _workspace.Print());
        Assert.False(Directory.Exists(_workspace.Below("new")));
        Assert.Equal(before, await _workspace.TreeAsync());

        Assert.Empty(await _workspace.RestoreAsync(after));
        Assert.Equal(changed, _workspace.Print());
        Assert.Equal(after, await _workspace.TreeAsync());
    }

    [Fact]
    public async Task What_its_user_ignores_is_neither_taken_nor_touched()
    {
        await _workspace.ShellAsync("git init -q; echo 'private/' > .git/info/exclude; echo '*.log' > .gitignore; mkdir private sub; echo 'here' > sub/.gitignore");
        await _workspace.ShellAsync("mkdir -p ../user/.config/git; echo '*.everywhere' > ../user/.config/git/ignore; echo '[core]\n excludesFile = ~/mine' > ../user/.gitconfig; echo '*.mine' > ../user/mine");
        await _workspace.ShellAsync("for f in private/a a.log sub/here b.mine; do echo secret > $f; done; echo kept > kept; echo e > c.everywhere");
        var before = await _workspace.TreeAsync();
        await _workspace.ShellAsync("for f in private/a a.log sub/here b.mine kept; do echo changed > $f; done");

        Assert.Equal([new FileChange("kept", FileChangeKind.Modified, 1, 1)], await _workspace.Checkpoints.CompareAsync(before, await _workspace.TreeAsync(), Cancellation));
        Assert.Empty(await _workspace.RestoreAsync(before));

        Assert.Equal("kept\nchanged\n", await _workspace.ShellAsync("cat kept a.log"));
    }

    [Theory]
    [InlineData("echo '*.b' >> .git/info/exclude")]
    [InlineData("echo '*.b' >> ../user/.config/git/ignore")]
    [InlineData("mv .git ../elsewhere; echo 'gitdir: ../elsewhere' > .git; echo '*.b' >> ../elsewhere/info/exclude")]
    [InlineData("rm .git/info/exclude; echo '*.b' > ../rules; ln -s ../../../rules .git/info/exclude")]
    [InlineData("rm $(find ../home -path '*worktrees*' -name exclude); echo '*.b' >> .git/info/exclude")]
    public async Task What_is_ignored_since_is_not_taken_however_often_it_was_as_it_is(string ignores)
    {
        await _workspace.ShellAsync("git init -q; mkdir -p ../user/.config/git; echo '*.a' > ../user/.config/git/ignore; echo kept > kept");
        var before = await _workspace.TreeAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal(before, await _workspace.TreeAsync());

        await _workspace.ShellAsync($"echo new > new.b; {ignores}");

        Assert.Equal(before, await _workspace.TreeAsync());
    }

    [Fact]
    public async Task The_users_own_repository_stays_as_it_is_and_nothing_that_it_names_is_run()
    {
        var ran = _workspace.Below("..", "ran");
        var trap = _workspace.Write("../trap", $"#!/bin/sh\ntouch '{ran}'\ncat\n");
        await _workspace.ShellAsync("chmod +x ../trap; git init -q; echo one > a; echo 'a filter=trap diff=trap eol=crlf ident\n[attr]mac filter=trap\n*.m mac' > .gitattributes; echo m > x.m; git add -A; git commit -qm one; echo staged > b; git add b");
        await _workspace.ShellAsync($"for hook in post-checkout post-index-change pre-commit reference-transaction; do cp ../trap .git/hooks/$hook; done");
        await _workspace.ShellAsync($"git config core.fsmonitor {trap}; git config filter.trap.clean {trap}; git config filter.trap.smudge {trap}; git config diff.trap.textconv {trap}; git config core.hooksPath .git/hooks; mkdir -p ../user; cp .git/config ../user/.gitconfig; rm -f {ran}");
        var own = FolderPrint.Of(_workspace.Below(".git"));

        var before = await _workspace.TreeAsync();
        File.WriteAllText(_workspace.Below("a"), "two\r\n$Id$\n");
        var after = await _workspace.TreeAsync();
        var (patch, _) = await _workspace.Checkpoints.PatchAsync(before, after, 10_000, Cancellation);
        await _workspace.RestoreAsync(before);
        await _workspace.RestoreAsync(after);

        Assert.Equal("two\r\n$Id$\n", await File.ReadAllTextAsync(_workspace.Below("a"), Cancellation));
        Assert.Contains("-one\n+two\r\n+$Id$\n", patch, StringComparison.Ordinal);
        Assert.False(File.Exists(ran));
        Assert.Equal(own, FolderPrint.Of(_workspace.Below(".git")));
    }

    [Fact]
    public async Task Repositories_in_the_workspace_are_snapshotted_by_their_files()
    {
        await _workspace.ShellAsync("git init -q; echo a > a; git init -q none; git init -q one; echo 1 > one/f; echo '*.o' > one/.gitignore; echo o > one/x.o; git -C one add f; git -C one commit -qm x; git init -q one/two; echo 2 > one/two/f");
        var (before, print) = (await _workspace.TreeAsync(), _workspace.Print());
        await _workspace.ShellAsync("echo changed > one/f; rm one/two/f; echo new > none/n; echo x > one/x.o; git -C one commit -qam y");
        var changes = await _workspace.Checkpoints.CompareAsync(before, await _workspace.TreeAsync(), Cancellation);

        Assert.Empty(await _workspace.RestoreAsync(before));

        Assert.Equal(["none/n", "one/f", "one/two/f"], changes.Select(c => c.Path));
        await _workspace.ShellAsync("echo o > one/x.o");
        Assert.Equal(print, _workspace.Print());
        Assert.Equal("y\nx\n", await _workspace.ShellAsync("git -C one log --format=%s"));
    }

    [Fact]
    public async Task A_workspace_inside_a_repository_is_snapshotted_alone_and_its_parents_ignore_rules_count()
    {
        await _workspace.ShellAsync("git init -q; echo '/sub/out\n*.o' > .gitignore; mkdir sub other; echo 1 > sub/a; echo 1 > sub/x.o; echo 1 > sub/out; echo 1 > other/b");
        var before = await _workspace.TreeAsync("sub");
        await _workspace.ShellAsync("echo 2 > sub/a; echo 2 > sub/x.o; echo 2 > sub/out; echo 2 > other/b; echo 2 > sub/new");

        Assert.Equal(["a", "new"], (await _workspace.Checkpoints.CompareAsync(before, await _workspace.TreeAsync("sub"), Cancellation)).Select(c => c.Path));
        Assert.Empty(await _workspace.RestoreAsync(before, "sub"));
        Assert.Equal("1\n2\n2\n2\n", await _workspace.ShellAsync("cat sub/a sub/x.o sub/out other/b"));
    }

    [Fact]
    public async Task A_workspace_that_its_repository_ignores_is_snapshotted_all_the_same()
    {
        await _workspace.ShellAsync("git init -q; echo 'build/' > .gitignore; mkdir build; echo 1 > build/a");
        var before = await _workspace.TreeAsync("build");
        await _workspace.ShellAsync("echo 2 > build/a");

        Assert.Empty(await _workspace.RestoreAsync(before, "build"));

        Assert.Equal("1\n", await _workspace.ShellAsync("cat build/a"));
    }

    [Fact]
    public async Task What_cannot_be_taken_is_told_and_never_overwritten()
    {
        _workspace.Write("large", "small");
        _workspace.Write("pipe", "text");
        var before = await _workspace.TreeAsync();
        await _workspace.ShellAsync("truncate -s 60M large; rm pipe; mkfifo pipe; truncate -s 60M larger; touch \"$(printf 'not\\377utf8')\"");

        var taken = await _workspace.TakeAsync();
        var kept = await _workspace.RestoreAsync(before);
        await _workspace.ShellAsync("rm not*");

        Assert.Equal(["large", "larger", "not"], taken.LeftOut.Select(l => l[..Math.Max(l.IndexOfAny([':', '\ufffd']), 0)]).Order(StringComparer.Ordinal));
        Assert.Contains("it has 62,914,560 bytes, more than 52,428,800", taken.LeftOut.Single(l => l.StartsWith("larger", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(["large: something that no snapshot has is in its place", "pipe: something that no snapshot has is in its place"], kept.Order(StringComparer.Ordinal));
        Assert.Equal(60 << 20, new FileInfo(_workspace.Below("large")).Length);
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link()
    {
        _workspace.Write("folder/a", "inside");
        var before = await _workspace.TreeAsync();
        await _workspace.ShellAsync("rm -r folder; mkdir ../outside; echo outside > ../outside/a; ln -s ../outside folder; echo folder > .gitignore");

        var kept = await _workspace.RestoreAsync(before);

        Assert.Equal("outside\n", await _workspace.ShellAsync("cat ../outside/a"));
        Assert.Equal(["folder/a: a link stands in its way"], kept);
    }

    [Fact]
    public async Task A_restore_that_was_killed_is_finished_and_leaves_alone_what_changed_since()
    {
        foreach (var i in Enumerable.Range(0, 10))
            _workspace.Write($"f{i}", $"old {i}");
        var old = await _workspace.TreeAsync();
        foreach (var i in Enumerable.Range(0, 10))
            _workspace.Write($"f{i}", $"new {i}");
        var current = await _workspace.TreeAsync();

        // As if it had been killed: some are restored, one is half written beside its place, and somebody edits one before it goes on.
        foreach (var i in Enumerable.Range(0, 5))
            _workspace.Write($"f{i}", $"old {i}");
        _workspace.Write(".skein-restore-0", "ol");
        _workspace.Write("f7", "edited");
        _workspace.Reopen();
        var kept = await _workspace.Checkpoints.RestoreAsync(_workspace.Session, _workspace.Path, current, old, Cancellation);

        Assert.Equal(["f7: it was changed meanwhile"], kept);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i == 7 ? "edited" : $"old {i}"), Enumerable.Range(0, 10).Select(i => File.ReadAllText(_workspace.Below($"f{i}"))));
        Assert.False(File.Exists(_workspace.Below(".skein-restore-0")));
    }

    [Fact]
    public async Task Snapshots_last_as_long_as_a_session_has_them()
    {
        _workspace.Write("a", "one");
        var first = await _workspace.TreeAsync();
        _workspace.Write("a", "two");
        var second = await _workspace.TreeAsync();
        var fork = new IdSource(TimeProvider.System).Next<SessionId>();
        await _workspace.Checkpoints.InheritAsync(fork, _workspace.Session, Cancellation);
        await _workspace.Checkpoints.DropAsync(_workspace.Session, Cancellation);

        await CollectAsync(true);
        Assert.Single(await _workspace.Checkpoints.CompareAsync(first, second, Cancellation));

        var freed = await CollectAsync(false);
        Assert.True(freed.Files > 0);
        await Assert.ThrowsAsync<CheckpointException>(() => _workspace.Checkpoints.CompareAsync(first, second, Cancellation));
        Assert.Equal(second, await _workspace.TreeAsync());
        Assert.Empty(await _workspace.Checkpoints.CompareAsync(second, await _workspace.TreeAsync(), Cancellation));
    }

    [Fact]
    public async Task An_index_that_is_damaged_or_locked_by_one_who_died_is_made_anew()
    {
        _workspace.Write("a", "one");
        var first = await _workspace.TreeAsync();
        var index = Directory.GetFiles(_workspace.Home, "index", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(index, "garbage", Cancellation);
        await File.WriteAllTextAsync(index + ".lock", "", Cancellation);
        _workspace.Reopen();

        Assert.Equal(first, await _workspace.TreeAsync());
    }

    [Fact]
    public async Task Without_git_it_says_so_once_for_all()
    {
        using var without = new Workspace(path: _workspace.Path);

        var thrown = await Assert.ThrowsAsync<CheckpointException>(() => without.TakeAsync());

        Assert.True(thrown.Lasts);
        Assert.StartsWith("Files are not snapshotted: git is needed for it", thrown.Message, StringComparison.Ordinal);
    }

    private async Task<Reclaimed> CollectAsync(bool exists)
    {
        // What is younger than an hour is spared.
        foreach (var file in Directory.GetFiles(Path.Combine(_workspace.Home, "checkpoints.git", "objects"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddYears(40));
        return await _workspace.Checkpoints.CollectAsync((_, _) => ValueTask.FromResult(exists), Cancellation);
    }
}
