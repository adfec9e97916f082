using Skein.Agent.Checkpoints;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class FileRewindTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Kernel _kernel = null!;
    private FileCheckpoints _files = null!;
    private SessionId _session;
    private bool _areOn = true;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Work => _folder.Below("work");

    public async ValueTask InitializeAsync()
    {
        Requires.Programs("git");
        Directory.CreateDirectory(Work);
        _kernel = await Kernel.StartAsync(ScriptedAgent.Kind(ShellTurns.DoAsync));
        _kernel.Files = _files = new FileCheckpoints(_folder.Below("home"), [], Environment.GetEnvironmentVariable, (_, _) => ValueTask.FromResult(_areOn));
        await _kernel.RestartAsync();
        _session = (await _kernel.Sessions.CreateAsync(new NewSession(Work), Kernel.User, Cancellation)).Session.Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _files.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_call_that_changed_something_leaves_a_snapshot_in_the_log()
    {
        await ShellAsync("echo mine > mine");
        await _kernel.TurnAsync(_session, "echo 1 > a\ntrue\necho 2 > a\nread: cat a");
        await _kernel.TurnAsync(_session, "read: cat a");

        var log = await _kernel.LogAsync(_session);
        var taken = log.Select(e => e.Body).OfType<FilesCheckpointed>().ToList();
        Assert.Equal([(true, null), (false, "call0"), (false, "call2")], taken.Select(t => (t.Before, t.CallId)));
        Assert.Equal(3, taken.Select(t => t.Tree).Distinct().Count());
        Assert.Equal(new SessionTrees(taken[0].Tree, taken[2].Tree), (await _kernel.GetAsync(_session)).Files);
        Assert.True(log.First(e => e.Body is FilesCheckpointed).Seq < log.First(e => e.Body is ToolStarted).Seq);
    }

    [Fact]
    public async Task A_rewind_with_files_brings_back_what_there_was_and_an_unrewind_what_was_rewound()
    {
        await ShellAsync("echo mine > mine");
        await _kernel.TurnAsync(_session, "echo 1 > a");
        await ShellAsync("echo edited > mine");
        await _kernel.TurnAsync(_session, "echo 2 > a\nrm mine\nmkdir d; echo d > d/d");
        var two = FolderPrint.Of(Work);

        await RewindAsync();
        Assert.Equal("1\nedited\n", await ShellAsync("cat *"));
        await RewindAsync();
        Assert.Equal("mine\n", await ShellAsync("cat *"));
        await _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(Files: true), Kernel.User, Cancellation);
        await _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(Files: true), Kernel.User, Cancellation);

        Assert.Equal(two, FolderPrint.Of(Work));
        Assert.Equal(6, (await _kernel.MessagesAsync(_session)).Count);
    }

    [Fact]
    public async Task In_the_middle_of_a_turn_the_files_are_what_its_calls_so_far_had_left()
    {
        await _kernel.TurnAsync(_session, "echo 1 > a\necho 2 > a\necho 3 > a");
        var messages = await _kernel.MessagesAsync(_session);

        await RewindAsync(messages[2].Id);

        Assert.Equal("2\n", await ShellAsync("cat a"));
    }

    [Fact]
    public async Task What_somebody_else_changed_since_is_told_first_and_kept_when_forced()
    {
        await _kernel.TurnAsync(_session, "echo 1 > a");
        await ShellAsync("echo mine > a; echo mine > b");

        var refused = await Assert.ThrowsAsync<FilesChangedException>(() => RewindAsync());
        Assert.Equal(["a", "b"], refused.Changes.Select(c => c.Path));
        Assert.Equal(2, (await _kernel.MessagesAsync(_session)).Count);

        await _kernel.Sessions.RewindAsync(_session, new RewindRequest(Files: true, Force: true), Kernel.User, Cancellation);
        Assert.False(File.Exists(Path.Combine(Work, "a")));
        await _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(Files: true), Kernel.User, Cancellation);
        Assert.Equal("mine\nmine\n", await ShellAsync("cat a b"));
    }

    [Fact]
    public async Task Without_snapshots_files_cannot_be_rewound_and_messages_can()
    {
        _areOn = false;
        await _kernel.TurnAsync(_session, "echo 1 > a");

        await Assert.ThrowsAsync<ConflictException>(() => RewindAsync());
        await _kernel.Sessions.RewindAsync(_session, new RewindRequest(), Kernel.User, Cancellation);

        Assert.Empty(await _kernel.MessagesAsync(_session));
        Assert.DoesNotContain(await _kernel.LogAsync(_session), e => e.Type.StartsWith("files.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rewind_of_messages_alone_leaves_no_files_to_bring_back()
    {
        await _kernel.TurnAsync(_session, "echo 1 > a");
        await _kernel.Sessions.RewindAsync(_session, new RewindRequest(), Kernel.User, Cancellation);

        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(Files: true), Kernel.User, Cancellation));
        await _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(), Kernel.User, Cancellation);

        Assert.Equal("1\n", await ShellAsync("cat a"));
    }

    [Fact]
    public async Task A_restore_that_a_crash_ended_is_finished_by_the_next_one_who_opens_the_session()
    {
        await _kernel.TurnAsync(_session, "echo old > a; echo old > b; echo old > c");
        await _kernel.TurnAsync(_session, "echo new > a; echo new > b; echo new > c");
        var trees = (await _kernel.LogAsync(_session)).Select(e => e.Body).OfType<FilesCheckpointed>().Select(t => t.Tree).Distinct().ToList();
        var (old, current) = (trees[^2], trees[^1]);

        // The log as a server leaves it that was killed when it had restored one file of three.
        var last = (await _kernel.MessagesAsync(_session))[1];
        await _kernel.Sessions.ReleaseAsync(_session, Kernel.User, Cancellation);
        await using (var writer = await _kernel.Store.OpenWriterAsync(_session, Cancellation))
            await writer.AppendAsync([new SessionRewound(last.Seq, last.Id, 2, current), new FilesRestoreStarted(current, old)], Kernel.User, Cancellation);
        await ShellAsync("echo old > a; echo edited > c");
        await _kernel.RestartAsync();
        var view = await _kernel.Sessions.RewindAsync(_session, new RewindRequest(last.Id), Kernel.User, Cancellation);

        Assert.Equal("old\nold\nedited\n", await ShellAsync("cat a b c"));
        Assert.Null(view.Session.Files!.Restoring);
        var log = (await _kernel.LogAsync(_session)).Select(e => e.Body).ToList();
        Assert.Equal(["c: it was changed meanwhile"], Assert.Single(log.OfType<FilesRestored>()).Kept);
        Assert.Contains(log.OfType<SessionRepaired>(), r => r.Repairs.Any(p => p.Kind == "files"));
    }

    [Fact]
    public async Task A_fork_restores_files_of_its_origin_also_when_that_is_purged_and_its_space_given_back()
    {
        await _kernel.TurnAsync(_session, "echo 1 > a");
        await _kernel.TurnAsync(_session, "echo 2 > a");
        var fork = (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await _kernel.TurnAsync(fork, "echo 3 > a");
        await _kernel.Sessions.TrashAsync(_session, Kernel.User, Cancellation);
        await _kernel.Sessions.PurgeAsync(_session, Kernel.User, Cancellation);
        Assert.Empty((await _kernel.Sessions.CollectAsync(Cancellation)).Problems);

        var first = (await _kernel.MessagesAsync(fork))[1];
        await _kernel.Sessions.RewindAsync(fork, new RewindRequest(first.Id, Files: true), Kernel.User, Cancellation);

        Assert.Equal("1\n", await ShellAsync("cat a"));
    }

    [Fact]
    public async Task A_fork_is_made_also_where_git_is_gone_and_says_what_it_lacks()
    {
        await _kernel.TurnAsync(_session, "echo 1 > a");
        _kernel.Files = new FileCheckpoints(_folder.Below("home"), [], name => name == "PATH" ? Work : null, static (_, _) => ValueTask.FromResult(true));
        await _kernel.RestartAsync();

        var fork = (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(), Kernel.User, Cancellation)).Session;

        Assert.Contains("git", fork.FilesProblem, StringComparison.Ordinal);
        Assert.Equal(2, (await _kernel.MessagesAsync(fork.Id)).Count);
    }

    [Fact]
    public async Task Git_that_is_not_there_is_told_once_and_the_turns_go_on()
    {
        _kernel.Files = new FileCheckpoints(_folder.Below("other"), [], name => name == "PATH" ? Work : null, static (_, _) => ValueTask.FromResult(true));
        await _kernel.RestartAsync();

        await _kernel.TurnAsync(_session, "echo 1 > a");
        await _kernel.TurnAsync(_session, "echo 2 > a");

        Assert.Equal("2\n", await ShellAsync("cat a"));
        Assert.Single((await _kernel.LogAsync(_session)).Select(e => e.Body).OfType<FilesCheckpointFailed>());
    }

    private Task<SessionView> RewindAsync(MessageId? keep = null) =>
        _kernel.Sessions.RewindAsync(_session, new RewindRequest(keep, Files: true), Kernel.User, Cancellation);

    private Task<string> ShellAsync(string line) => Shell.RunAsync(Work, line);
}
