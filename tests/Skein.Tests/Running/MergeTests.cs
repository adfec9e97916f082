using Skein.Agent.Checkpoints;
using Skein.Agent.Settings;
using Skein.Agent.Worktrees;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class MergeTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
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
        await ShellAsync("git init -q -b main; seq 9 > a; echo b > b; git add -A; git commit -qm one; echo more >> b; printf '\\0\\1' > bytes");
        _kernel = await Kernel.StartAsync(ScriptedAgent.Kind(ShellTurns.DoAsync));
        _kernel.Files = _files = new FileCheckpoints(_folder.Below("home"), [], Environment.GetEnvironmentVariable, static (_, _) => ValueTask.FromResult(true));
        _trusted = new TrustedFolders(_folder.Below("home"));
        _kernel.Worktrees = new GitWorktrees(_folder.Below("home"), _files, Environment.GetEnvironmentVariable, _trusted, TimeProvider.System);
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
    public async Task What_both_changed_at_different_places_is_put_together_and_one_message_tells_of_it()
    {
        var fork = await ForkAsync();
        await _kernel.TurnAsync(fork.Id, "sed -i 's/^1$/one/' a\nrm b\nmkdir d; echo new > 'd/ü x'; chmod +x 'd/ü x'");
        await _kernel.TurnAsync(_session, "sed -i 's/^9$/nine/' a");

        var outcome = await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);

        Assert.Equal(_session, outcome.Session.Id);
        Assert.Equal(["a", "b", "d/ü x"], outcome.Files.Select(f => f.Path));
        Assert.Equal("one\n2\n3\n4\n5\n6\n7\n8\nnine\nnew\n", await ShellAsync("cat a; test ! -e b; test -x 'd/ü x'; cat d/*"));
        var messages = await _kernel.MessagesAsync(_session);
        Assert.Equal(3, messages.Count);
        Assert.Contains("It was asked:\n- sed -i", messages[2].Text, StringComparison.Ordinal);
        Assert.Contains("- deleted b (+0 -2)\n- added d/ü x (+1 -0)", messages[2].Text, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "d/ü x"], (await _kernel.Sessions.DiffAsync(_session, messages[2].Turn, false, Cancellation)).Files.Select(f => f.Path));
        await _kernel.TurnAsync(_session, "echo on > on");
    }

    [Fact]
    public async Task A_merge_is_taken_back_exactly_and_made_again()
    {
        var fork = await ForkAsync();
        await _kernel.TurnAsync(fork.Id, "sed -i 's/^1$/one/' a\nrm b bytes");
        var before = FolderPrint.Of(Work);
        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);
        var merged = FolderPrint.Of(Work);

        var view = await _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation);
        Assert.Equal(before, FolderPrint.Of(Work));
        Assert.Equal(0, view.Session.Messages);
        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation));
        await _kernel.Sessions.UnrewindAsync(_session, new UnrewindRequest(Files: true), Kernel.User, Cancellation);
        Assert.Equal(merged, FolderPrint.Of(Work));
        await ShellAsync("echo mine > a");
        await Assert.ThrowsAsync<FilesChangedException>(() => _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation));
        await _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(Force: true), Kernel.User, Cancellation);
        Assert.Equal(before, FolderPrint.Of(Work));

        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);
        Assert.Equal(merged, FolderPrint.Of(Work));
        await _kernel.TurnAsync(_session, "true");
        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation));
    }

    [Theory]
    [InlineData(ConflictChoice.Markers, "<<<<<<< {0}\nours\n=======\ntheirs\n>>>>>>> {1}\n2\n", true)]
    [InlineData(ConflictChoice.Ours, "ours\n2\n", true)]
    [InlineData(ConflictChoice.Theirs, "theirs\n2\n", false)]
    public async Task Conflicts_are_left_as_their_user_chooses(ConflictChoice choice, string begins, bool keepsDeleted)
    {
        var fork = await ForkAsync();
        await _kernel.TurnAsync(fork.Id, "sed -i 's/^1$/theirs/' a\nrm b\nprintf '\\0\\3' > bytes\necho both > other");
        await _kernel.TurnAsync(_session, "sed -i 's/^1$/ours/' a\necho ours > b\nprintf '\\0\\4' > bytes");
        var before = FolderPrint.Of(Work);

        var refused = await Assert.ThrowsAsync<MergeConflictsException>(() => _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation));
        Assert.Equal(["a", "b", "bytes"], refused.Conflicts);
        Assert.Equal(before, FolderPrint.Of(Work));
        Assert.DoesNotContain(await _kernel.LogAsync(_session), e => e.Body is ForkMerged);
        var outcome = await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(choice), Kernel.User, Cancellation);

        Assert.Equal(["a", "b", "bytes"], outcome.Conflicts);
        Assert.StartsWith(string.Format(System.Globalization.CultureInfo.InvariantCulture, begins, _session, fork.Id), await ShellAsync("cat a"), StringComparison.Ordinal);
        Assert.Equal(keepsDeleted, File.Exists(Path.Combine(Work, "b")));
        Assert.Equal(choice == ConflictChoice.Theirs ? 3 : 4, (await File.ReadAllBytesAsync(Path.Combine(Work, "bytes"), Cancellation))[1]);
        Assert.Equal("both\n", await ShellAsync("cat other"));
        Assert.Contains("Both had changed these files", (await _kernel.MessagesAsync(_session))[^1].Text, StringComparison.Ordinal);
        await _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation);
        Assert.Equal(before, FolderPrint.Of(Work));
    }

    [Fact]
    public async Task A_second_merge_brings_only_what_came_since()
    {
        var fork = await ForkAsync();
        await _kernel.TurnAsync(fork.Id, "sed -i 's/^1$/one/' a");
        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);
        await ShellAsync("sed -i 's/^one$/uno/' a");
        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation));
        await _kernel.TurnAsync(fork.Id, "sed -i 's/^9$/nine/' a");

        var outcome = await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);

        Assert.Empty(outcome.Conflicts);
        Assert.Equal("uno\n2\n3\n4\n5\n6\n7\n8\nnine\n", await ShellAsync("cat a"));
        var last = (await _kernel.MessagesAsync(_session))[^1].Text;
        Assert.DoesNotContain("one", last[last.IndexOf("asked:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_one_folder_only_the_message_is_carried_over()
    {
        var fork = (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(), Kernel.User, Cancellation)).Session;
        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation));
        await _kernel.TurnAsync(fork.Id, "echo fork > f");
        var before = FolderPrint.Of(Work);

        var outcome = await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User with { Key = "once" }, Cancellation);
        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User with { Key = "once" }, Cancellation);

        Assert.Empty(outcome.Files);
        Assert.Single(await _kernel.MessagesAsync(_session));
        await _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation);
        Assert.Empty(await _kernel.MessagesAsync(_session));
        Assert.Equal(before, FolderPrint.Of(Work));
    }

    [Fact]
    public async Task A_fork_that_went_on_in_another_folder_is_merged_by_what_both_began_with()
    {
        await _kernel.TurnAsync(_session, "echo begun > begun");
        var fork = (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(), Kernel.User, Cancellation)).Session;
        await ShellAsync("cp -r . ../copy");
        await _kernel.Sessions.MoveAsync(fork.Id, new MoveRequest(_folder.Below("copy")), Kernel.User, Cancellation);
        await _kernel.TurnAsync(fork.Id, "echo fork >> begun");
        Directory.Delete(_folder.Below("copy"), recursive: true);

        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);

        Assert.Equal("begun\nfork\n", await ShellAsync("cat begun"));
        await Assert.ThrowsAsync<ConflictException>(() => _kernel.Sessions.MergeAsync(_session, new MergeRequest(), Kernel.User, Cancellation));
    }

    [Fact]
    public async Task A_merge_that_a_crash_ended_is_finished_by_the_next_one_who_opens_the_session()
    {
        var fork = await ForkAsync();
        await _kernel.TurnAsync(fork.Id, "echo new > a; echo new > b; echo new > c");
        await _kernel.Sessions.MergeAsync(fork.Id, new MergeRequest(), Kernel.User, Cancellation);
        var merged = FolderPrint.Of(Work);
        var log = (await _kernel.LogAsync(_session)).Select(e => e.Body).ToList();
        var (told, message) = (log.OfType<ForkMerged>().Single(), log.OfType<MessageAdded>().Single());
        await _kernel.Sessions.UnmergeAsync(fork.Id, new UnmergeRequest(), Kernel.User, Cancellation);

        // The log and the folder as a server leaves them that was killed when it had written one file of three.
        await _kernel.Sessions.ReleaseAsync(_session, Kernel.User, Cancellation);
        await using (var writer = await _kernel.Store.OpenWriterAsync(_session, Cancellation))
        {
            await writer.AppendAsync(
                [told with { Turn = _kernel.Sessions.Ids.Next<TurnId>() }, message with { Message = _kernel.Sessions.Ids.Next<MessageId>() }, new FilesRestoreStarted(told.From!, told.To!)],
                Kernel.User, Cancellation);
        }

        await ShellAsync("echo new > a");
        await _kernel.RestartAsync();
        await _kernel.Sessions.ChangeAsync(_session, new SessionChange(Title: "opened"), Kernel.User, Cancellation);

        Assert.Equal(merged, FolderPrint.Of(Work));
        Assert.Contains((await _kernel.LogAsync(_session)).Select(e => e.Body).OfType<SessionRepaired>(), r => r.Repairs.Any(p => p.Kind == "files"));
    }

    private async Task<Session> ForkAsync() =>
        (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(Worktree: true), Kernel.User, Cancellation)).Session;

    private Task<string> ShellAsync(string line) => Shell.RunAsync(Work, line);
}
