using System.Globalization;
using Skein.Agent.Checkpoints;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Files;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class FileDiffTests : IAsyncLifetime
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
    public async Task A_turn_shows_what_it_changed_and_the_session_all_of_it()
    {
        await Shell.RunAsync(Work, "echo mine > mine; printf '\\0\\1' > bytes");
        var first = await _kernel.TurnAsync(_session, "echo 1 > a\nprintf '\\0\\2' > bytes");
        var second = await _kernel.TurnAsync(_session, "echo 2 > a\nrm mine");
        var third = await _kernel.TurnAsync(_session, "read: cat a");

        Assert.Equal([new FileChange("a", FileChangeKind.Added, 1, 0), new FileChange("bytes", FileChangeKind.Modified)], (await DiffAsync(first)).Files);
        var diff = await DiffAsync(second);
        Assert.Equal([("a", FileChangeKind.Modified), ("mine", FileChangeKind.Deleted)], diff.Files.Select(f => (f.Path, f.Kind)));
        Assert.Contains("-1\n+2\n", diff.Patch, StringComparison.Ordinal);
        Assert.Equal(new SessionDiff([], Patch: ""), await DiffAsync(third) with { Files = [] });
        var all = await DiffAsync(null);
        Assert.Equal(["a", "bytes", "mine"], all.Files.Select(f => f.Path));
        Assert.Contains("Binary files a/bytes and b/bytes differ", all.Patch, StringComparison.Ordinal);
        Assert.Null((await _kernel.Sessions.DiffAsync(_session, null, withPatch: false, Cancellation)).Patch);
    }

    [Fact]
    public async Task Without_snapshots_and_of_a_turn_that_there_is_not_it_says_so()
    {
        var unknown = _kernel.Sessions.Ids.Next<TurnId>();
        await Assert.ThrowsAsync<NotInSessionException>(() => DiffAsync(unknown));
        _areOn = false;
        var turn = await _kernel.TurnAsync(_session, "echo 1 > a");

        var refused = await Assert.ThrowsAsync<ConflictException>(() => DiffAsync(null));
        await Assert.ThrowsAsync<ConflictException>(() => DiffAsync(turn));

        Assert.Contains("has no snapshots of its files", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fork_shows_the_turns_of_its_origin()
    {
        var turn = await _kernel.TurnAsync(_session, "echo 1 > a");
        var fork = (await _kernel.Sessions.ForkAsync(_session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await _kernel.TurnAsync(fork, "echo 2 > a");

        var diff = await _kernel.Sessions.DiffAsync(fork, turn, withPatch: true, Cancellation);

        Assert.Equal(["a"], diff.Files.Select(f => f.Path));
        Assert.Contains("+1\n", diff.Patch, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_and_contents_cannot_speak_to_the_terminal()
    {
        await Shell.RunAsync(Work, "echo > first");
        await _kernel.TurnAsync(_session, "printf '\\33]0;owned\\7x\\rfake\\n\\33[2Jy\\n' > \"$(printf 'a\\33[31mb')\"");
        var diff = await DiffAsync(null);
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var screen = new Terminal(text, isTerminal: true, colors: false, width: 80);

        FileDiff.Show(diff, screen, isShort: true);
        Assert.Equal(1, FileDiff.Show(diff, screen, isShort: false, most: diff.Patch!.Split('\n').Length - 2));

        Assert.DoesNotContain(text.ToString(), c => char.IsControl(c) && c != '\n');
        Assert.Contains("+x fake\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("A ab  +2 -0\n1 file  +2 -0\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_without_end_is_cut()
    {
        await _kernel.TurnAsync(_session, "seq 100000 > a");
        var trees = (await _kernel.GetAsync(_session)).Files!;

        var (patch, isCut) = await _files.PatchAsync(trees.First, trees.Last, 1000, Cancellation);

        Assert.Equal((1000, true), (patch.Length, isCut));
    }

    private Task<SessionDiff> DiffAsync(TurnId? turn) => _kernel.Sessions.DiffAsync(_session, turn, withPatch: true, Cancellation);
}
