using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Agent.Checkpoints;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>When snapshots of a turn are taken, and who waits for them. The agents' prompts are lines for a shell, one call each line.</summary>
public sealed class TurnCheckpointTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();
    private readonly Gate _calling = new();
    private readonly List<int> _knownWhenAllowed = [];
    private Kernel _kernel = null!;
    private FileCheckpoints _real = null!;
    private HeldCheckpoints _files = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Work => _folder.Below("work");

    public async ValueTask InitializeAsync()
    {
        Requires.Programs("git");
        Directory.CreateDirectory(Work);
        _kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Kind(DoAsync), ScriptedAgent.Kind(DoAsync, "driven", tellsFirst: false));
        _real = new FileCheckpoints(_folder.Below("home"), [], Environment.GetEnvironmentVariable, static (_, _) => ValueTask.FromResult(true));
        _kernel.Files = _files = new HeldCheckpoints(_real);
        await _kernel.RestartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _real.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("scripted", "read: true", 0)]
    [InlineData("scripted", "echo 1 > a", 2)]
    [InlineData("scripted", "echo 1 > a\nread: cat a\necho 2 > a", 3)]
    [InlineData("driven", "read: true\nread: true", 1)]
    [InlineData("driven", "read: true\necho 1 > a", 2)]
    public async Task A_snapshot_is_taken_where_files_may_have_changed_and_nowhere_else(string agent, string prompt, int snapshots)
    {
        var session = await NewSessionAsync(agent);

        await _kernel.TurnAsync(session, prompt);

        Assert.Equal(snapshots, _files.Begun);
    }

    [Fact]
    public async Task A_driven_agent_works_while_the_first_snapshot_is_being_taken_and_changes_nothing_before_it()
    {
        var held = new Gate();
        _files.Before = (number, token) => number == 1 ? held.PassAsync(token) : Task.CompletedTask;
        var session = await NewSessionAsync("driven");
        await Shell.RunAsync(Work, "echo mine > a");

        var accepted = await _kernel.Sessions.PromptAsync(session, new PromptRequest("read: cat a\necho changed > a"), Kernel.User, Cancellation);
        await _kernel.EventAsync<ToolFinished>(session, accepted.Seq);
        await held.Reached;
        held.Open();
        await _kernel.EventAsync<TurnCompleted>(session, accepted.Seq);

        var taken = (await _kernel.LogAsync(session)).Select(e => e.Body).OfType<FilesCheckpointed>().ToList();
        Assert.Equal([(true, null), (false, "call1")], taken.Select(t => (t.Before, t.CallId)));
        Assert.Contains("-mine\n+changed\n", (await _files.PatchAsync(taken[0].Tree, taken[1].Tree, 1000, Cancellation)).Text);
    }

    [Theory]
    [InlineData("echo 1 > a\nread: true")]
    [InlineData("read: true\necho 1 > a")]
    [InlineData("read: true\nread: true\necho 1 > a\necho 2 > a")]
    public async Task What_there_was_before_a_driven_turn_is_in_the_log_once_and_before_anything_may_be_changed(string prompt)
    {
        var session = await NewSessionAsync("driven");
        await Shell.RunAsync(Work, "echo mine > a");

        await _kernel.TurnAsync(session, prompt);

        Assert.All(_knownWhenAllowed, known => Assert.Equal(1, known));
        Assert.Equal(prompt.Split('\n').Count(line => line[0] == 'e'), _knownWhenAllowed.Count);
        Assert.Single((await _kernel.LogAsync(session)).Select(e => e.Body).OfType<FilesCheckpointed>(), taken => taken.Before);
    }

    [Theory]
    [InlineData("scripted")]
    [InlineData("driven")]
    public async Task An_interrupted_turn_does_not_wait_for_its_last_snapshot_which_still_tells_what_it_changed(string agent)
    {
        var held = new Gate();
        _files.Before = (number, token) => number == 2 ? held.PassAsync(token) : Task.CompletedTask;
        var session = await NewSessionAsync(agent);
        var accepted = await _kernel.Sessions.PromptAsync(session, new PromptRequest("echo half > a; hang"), Kernel.User, Cancellation);
        await _calling.Reached;

        var interrupted = _kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);
        await held.Reached;
        await _clock.WhenWaitedForExactlyAsync(TimeSpan.FromMilliseconds(500), Cancellation);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await interrupted;
        Assert.IsType<TurnInterrupted>((await _kernel.EventAsync(session, accepted.Seq, e => e.Body is TurnInterrupted or FilesCheckpointed { Before: false })).Body);
        held.Open();

        var last = (FilesCheckpointed)(await _kernel.EventAsync(session, accepted.Seq, e => e.Body is FilesCheckpointed { Before: false })).Body;
        Assert.Equal(accepted.Turn, last.Turn);
        Assert.Contains("+half\n", (await _files.PatchAsync((await _kernel.GetAsync(session)).Files!.First, last.Tree, 1000, Cancellation)).Text);
    }

    [Fact]
    public async Task What_an_interrupted_turn_changed_last_is_its_own_when_it_is_rewound_at_once()
    {
        var held = new Gate();
        await Shell.RunAsync(Work, "echo before > a");
        _files.Before = (number, token) => number == 2 ? held.PassAsync(token) : Task.CompletedTask;
        var session = await NewSessionAsync("scripted");
        await _kernel.Sessions.PromptAsync(session, new PromptRequest("echo half > a; hang"), Kernel.User, Cancellation);
        await _calling.Reached;
        var interrupted = _kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);
        await held.Reached;
        await _clock.WhenWaitedForExactlyAsync(TimeSpan.FromMilliseconds(500), Cancellation);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await interrupted;

        var rewound = _kernel.Sessions.RewindAsync(session, new RewindRequest(Files: true), Kernel.User, Cancellation);
        held.Open();
        await rewound;

        Assert.Equal("before\n", await File.ReadAllTextAsync(Path.Combine(Work, "a"), Cancellation));
        Assert.Empty(await _kernel.MessagesAsync(session));
    }

    [Fact]
    public async Task Of_a_snapshot_that_takes_longer_than_a_second_people_are_told_once()
    {
        var held = new Gate();
        _files.After = held.PassAsync;
        var session = await NewSessionAsync("scripted");
        await Shell.RunAsync(Work, "echo 1 > a; echo 2 > b; echo 3 > c");

        var accepted = await _kernel.Sessions.PromptAsync(session, new PromptRequest("echo changed > a"), Kernel.User, Cancellation);
        await held.Reached;
        await _clock.WhenWaitedForExactlyAsync(TimeSpan.FromSeconds(1), Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _kernel.EventAsync<FilesCheckpointDelayed>(session, accepted.Seq);
        held.Open();
        await _kernel.EventAsync<TurnCompleted>(session, accepted.Seq);

        var files = (await _kernel.LogAsync(session)).Where(e => e.Type.StartsWith("files.", StringComparison.Ordinal)).ToList();
        Assert.Equal(new FilesCheckpointDelayed(accepted.Turn, 3), files[0].Body);
        Assert.Equal(["files.checkpoint_delayed", "files.checkpointed", "files.checkpointed"], files.Select(e => e.Type));
    }

    private async Task<SessionId> NewSessionAsync(string agent) =>
        (await _kernel.Sessions.CreateAsync(new NewSession(Work, agent), Kernel.User, Cancellation)).Session.Id;

    private async IAsyncEnumerable<AgentOutput> DoAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (i, line) in turn.Messages[^1].Text.Split('\n').Index())
        {
            var (message, call) = (turn.Ids.Next<MessageId>(), $"call{i}");
            var reads = line.StartsWith("read: ", StringComparison.Ordinal);
            yield return ScriptedAgent.Begin(message);
            yield return new AgentEvents(
            [
                new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart(call, "bash", JsonElement.Parse("{}"))),
                new ToolStarted(message, call, "bash", line, reads),
            ]);
            if (!reads)
            {
                await turn.ReadyForChangesAsync(cancellationToken);
                _knownWhenAllowed.Add((await _kernel.LogAsync(turn.Session.Id)).Count(e => e.Body is FilesCheckpointed { Before: true }));
            }

            await Shell.RunAsync(Work, (reads ? line[6..] : line).Replace("; hang", "", StringComparison.Ordinal));
            if (line.EndsWith("; hang", StringComparison.Ordinal))
                await _calling.PassAsync(cancellationToken);
            yield return new AgentEvents(
            [
                new ToolFinished(message, call, false, 1),
                new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart(call, "done")),
                new MessageCompleted(message, StopReason.End),
            ]);
        }
    }
}
