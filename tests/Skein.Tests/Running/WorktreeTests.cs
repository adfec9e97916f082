using Skein.Agent.Checkpoints;
using Skein.Agent.Projects;
using Skein.Agent.Settings;
using Skein.Agent.Worktrees;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class WorktreeTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new(DateTimeOffset.UtcNow);
    private Kernel _kernel = null!;
    private FileCheckpoints _files = null!;
    private TrustedFolders _trusted = null!;
    private SessionId _session;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Work => _folder.Below("work");

    public async ValueTask InitializeAsync()
    {
        Requires.Programs("git");
        Directory.CreateDirectory(Work);
        await ShellAsync("git init -q -b main; echo '*.o' > .gitignore; printf 'committed\\n' > a; ln -s a link; mkdir d; echo d > 'd/ü x'; echo o > t.o; git add -A; git add -f t.o; git commit -qm one; echo changed >> a; echo new > b; echo built > c.o");
        _kernel = await Kernel.StartAsync(ScriptedAgent.Kind(ShellTurns.DoAsync));
        _kernel.Files = _files = new FileCheckpoints(_folder.Below("home"), [], Environment.GetEnvironmentVariable, static (_, _) => ValueTask.FromResult(true));
        _trusted = new TrustedFolders(_folder.Below("home"));
        _kernel.Worktrees = new GitWorktrees(_folder.Below("home"), _files, Environment.GetEnvironmentVariable, _trusted, _clock);
        await _kernel.RestartAsync();
        _session = (await _kernel.Sessions.CreateAsync(new NewSession(Work), Kernel.User, Cancellation)).Session.Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _files.Dispose();
        _trusted.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sessions_in_worktrees_are_listed_for_the_folder_that_they_were_made_like_and_for_no_other()
    {
        var finder = new ProjectFinder(Environment.GetEnvironmentVariable("PATH"), TimeProvider.System);
        _kernel.FindProject = finder.FindAsync;
        await _kernel.RestartAsync();
        await ShellAsync("git clone -q . ../clone");
        var fork = await ForkAsync();
        var later = await NewAsync(fork.Workspace);
        var clone = await NewAsync(_folder.Below("clone"));
        var below = await NewAsync(Path.Combine(fork.Workspace, "d"));

        Assert.Equal([later, fork.Id], await BesideAsync(Work));
        Assert.Equal([below], await BesideAsync(Path.Combine(Work, "d")));
        Assert.Empty(await BesideAsync(_folder.Below("clone")));
        Assert.Empty(await BesideAsync(Path.GetDirectoryName(Work)!));
        Assert.Equal([clone], (await _kernel.Sessions.ListAsync(new SessionQuery(_folder.Below("clone"), Follow: true), Cancellation)).Items.Select(s => s.Id));
        Assert.DoesNotContain(fork.Id, (await _kernel.Sessions.ListAsync(new SessionQuery(Work, Follow: true), Cancellation)).Items.Select(s => s.Id));

        async Task<SessionId> NewAsync(string folder) => (await _kernel.Sessions.CreateAsync(new NewSession(folder), Kernel.User, Cancellation)).Session.Id;
        async Task<IEnumerable<SessionId>> BesideAsync(string folder) =>
            (await _kernel.Sessions.ListAsync(new SessionQuery(WorktreesOf: folder), Cancellation)).Items.Select(s => s.Id).OrderByDescending(id => id.Value, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_fork_begins_with_what_the_folder_has_and_neither_sees_the_other()
    {
        await _trusted.TrustAsync(Work, Cancellation);
        var fork = await ForkAsync();
        var folder = fork.Workspace;

        Assert.Equal((_folder.Below("work.worktrees", fork.Worktree!.Branch.Replace('/', '-')), folder), (folder, fork.Worktree.Folder));
        await ShellAsync("rm c.o");
        Assert.Equal(FolderPrint.Of(Work), FolderPrint.Of(folder));
        Assert.Equal(await ShellAsync("git status --porcelain"), await ShellAsync("git status --porcelain", folder));
        Assert.Equal(fork.Worktree.Branch, (await ShellAsync("git branch --show-current", folder)).Trim());
        Assert.True(await _trusted.IsTrustedAsync(folder, Cancellation));

        await _kernel.TurnAsync(fork.Id, "echo fork > b");
        await _kernel.TurnAsync(_session, "echo origin > b");
        Assert.Equal(("fork\n", "origin\n"), (await ShellAsync("cat b", folder), await ShellAsync("cat b")));
    }

    [Fact]
    public async Task A_fork_at_a_message_begins_with_the_files_of_then_also_below_the_root()
    {
        Directory.CreateDirectory(Path.Combine(Work, "below"));
        var session = (await _kernel.Sessions.CreateAsync(new NewSession(Path.Combine(Work, "below")), Kernel.User, Cancellation)).Session.Id;
        await _kernel.TurnAsync(session, "echo 1 > f");
        await _kernel.TurnAsync(session, "echo 2 > f");
        var first = (await _kernel.MessagesAsync(session))[1];

        var fork = (await _kernel.Sessions.ForkAsync(session, new ForkRequest(first.Id, Worktree: true, Branch: "try/it"), Kernel.User, Cancellation)).Session;

        Assert.Equal(_folder.Below("work.worktrees", "try-it", "below"), fork.Workspace);
        Assert.Equal("1\nnew\n", await ShellAsync("cat f ../b", fork.Workspace));
    }

    [Fact]
    public async Task Nothing_that_the_repository_names_is_run()
    {
        var ran = _folder.Below("ran");
        await File.WriteAllTextAsync(_folder.Below("trap"), $"#!/bin/sh\ntouch '{ran}'\ncat\n", Cancellation);
        await ShellAsync("chmod +x ../trap; echo 'a filter=trap' > .gitattributes; for hook in post-checkout post-index-change reference-transaction post-commit; do cp ../trap .git/hooks/$hook; done");
        await ShellAsync($"git config core.fsmonitor {_folder.Below("trap")}; git config filter.trap.smudge {_folder.Below("trap")}; git config filter.trap.clean {_folder.Below("trap")}; rm -f {ran}");

        var fork = await ForkAsync();
        await PurgeAsync(fork.Id);

        Assert.False(Directory.Exists(fork.Workspace));
        Assert.False(File.Exists(ran));
    }

    [Fact]
    public async Task A_purge_takes_an_untouched_worktree_and_its_branch_along()
    {
        var fork = await ForkAsync();

        await PurgeAsync(fork.Id);

        Assert.False(Directory.Exists(_folder.Below("work.worktrees")));
        Assert.Equal("main", (await ShellAsync("git branch --format='%(refname:short)'")).Trim());
        Assert.Single((await ShellAsync("git worktree list")).TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("echo work > b")]
    [InlineData("echo work > untracked")]
    [InlineData("echo staged > b; git add b; echo new > b")]
    [InlineData("git checkout -q --detach; git commit -qam detached")]
    public async Task What_is_kept_nowhere_else_is_not_taken_away(string work)
    {
        var fork = await ForkAsync();
        await ShellAsync(work, fork.Workspace);
        var print = FolderPrint.Of(fork.Workspace);

        await PurgeAsync(fork.Id);
        _clock.Advance(TimeSpan.FromDays(1));
        var collected = await _kernel.Sessions.CollectAsync(Cancellation);

        Assert.Equal(print, FolderPrint.Of(fork.Workspace));
        Assert.Contains(collected.Problems, p => p.Contains(fork.Workspace, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_committed_goes_from_the_folder_and_stays_on_the_branch()
    {
        var fork = await ForkAsync();
        await ShellAsync("git rm -q --cached t.o; rm t.o; git add -A; git commit -qm work", fork.Workspace);

        await PurgeAsync(fork.Id);

        Assert.False(Directory.Exists(fork.Workspace));
        Assert.Equal("work", (await ShellAsync($"git log -1 --format=%s {fork.Worktree!.Branch}")).Trim());
    }

    [Fact]
    public async Task Outside_of_git_without_a_commit_and_with_a_name_that_is_taken_it_is_refused_and_leaves_nothing()
    {
        var plain = (await _kernel.Sessions.CreateAsync(new NewSession(Directory.CreateDirectory(_folder.Below("plain")).FullName), Kernel.User, Cancellation)).Session.Id;
        await ShellAsync("git init -q ../empty");
        var empty = (await _kernel.Sessions.CreateAsync(new NewSession(_folder.Below("empty")), Kernel.User, Cancellation)).Session.Id;

        Assert.Contains("lies in no repository", (await RefusedAsync<InvalidRequestException>(plain, null)).Message, StringComparison.Ordinal);
        Assert.Contains("needs a commit", (await RefusedAsync<InvalidRequestException>(empty, null)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be the name of a branch", (await RefusedAsync<InvalidRequestException>(_session, "a..b")).Message, StringComparison.Ordinal);
        Assert.Contains("exists already", (await RefusedAsync<ConflictException>(_session, "main")).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Below("work.worktrees")));
        Assert.Equal(3, (await _kernel.Sessions.ListAsync(new SessionQuery(), Cancellation)).Items.Count);
    }

    [Fact]
    public async Task One_whose_fork_was_never_made_is_taken_away_by_a_collection()
    {
        var lost = _kernel.Sessions.Ids.Next<SessionId>();
        var (made, _) = await _kernel.Worktrees!.AddAsync(lost, _session, Work, null, null, Cancellation);

        await _kernel.Sessions.CollectAsync(Cancellation);
        Assert.True(Directory.Exists(made.Folder));
        _clock.Advance(TimeSpan.FromHours(1));
        await _kernel.Sessions.CollectAsync(Cancellation);

        Assert.False(Directory.Exists(made.Folder));
    }

    private async Task<Session> ForkAsync() =>
        (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(Worktree: true), Kernel.User, Cancellation)).Session;

    private Task<T> RefusedAsync<T>(SessionId session, string? branch) where T : Exception =>
        Assert.ThrowsAsync<T>(() => _kernel.Sessions.ForkAsync(session, new ForkRequest(Worktree: true, Branch: branch), Kernel.User, Cancellation));

    private async Task PurgeAsync(SessionId fork)
    {
        await _kernel.Sessions.TrashAsync(fork, Kernel.User, Cancellation);
        await _kernel.Sessions.PurgeAsync(fork, Kernel.User, Cancellation);
    }

    private Task<string> ShellAsync(string line, string? folder = null) => Shell.RunAsync(folder ?? Work, line);
}
