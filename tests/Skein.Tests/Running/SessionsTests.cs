using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class SessionsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-06, P flaws 3 and 11.
    [Fact]
    public async Task A_given_id_that_exists_answers_that_session_with_its_model_updated()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var id = kernel.Sessions.Ids.Next<SessionId>();
        var request = new NewSession(kernel.Workspace, Id: id, Model: "scripted/a");

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => kernel.Sessions.CreateAsync(request, Kernel.User, Cancellation)));
        var again = await kernel.Sessions.CreateAsync(request with { Model = "scripted/b" }, Kernel.User, Cancellation);

        Assert.All(made, view => Assert.Equal(id, view.Session.Id));
        Assert.Equal("scripted/b", again.Session.Model);
        await Assert.ThrowsAsync<SessionExistsException>(
            () => kernel.Sessions.CreateAsync(request with { Workspace = Path.GetTempPath() }, Kernel.User, Cancellation));
    }

    // P flaw 11.
    [Theory]
    [InlineData("other", null)]
    [InlineData("other", "scripted/b")]
    [InlineData(null, "none/such")]
    public async Task A_given_id_that_exists_is_refused_with_another_agent_or_an_unknown_model_and_stays_as_it_was(string? agent, string? model)
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo(), ScriptedAgent.Echo() with { Name = "other" });
        var id = kernel.Sessions.Ids.Next<SessionId>();
        var request = new NewSession(kernel.Workspace, Id: id, Model: "scripted/a");
        await kernel.Sessions.CreateAsync(request, Kernel.User, Cancellation);

        var refused = await Assert.ThrowsAnyAsync<SkeinException>(
            () => kernel.Sessions.CreateAsync(request with { Agent = agent, Model = model }, Kernel.User, Cancellation));

        Assert.Contains(agent ?? model!, refused.Message, StringComparison.Ordinal);
        var row = await kernel.GetAsync(id);
        Assert.Equal((1, "scripted", "scripted/a"), (row.Seq, row.Agent, row.Model));
    }

    [Fact]
    public async Task A_session_created_twice_with_one_key_is_made_once()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var by = Kernel.User with { Key = "k" };

        var first = await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace), by, Cancellation);
        await kernel.RestartAsync();
        var second = await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace), by, Cancellation);

        Assert.Equal(first.Session.Id, second.Session.Id);
    }

    [Theory]
    [InlineData("relative/path", null, null, "absolute")]
    [InlineData("/does/not/exist", null, null, "exists")]
    [InlineData(null, "nobody", null, "nobody")]
    [InlineData(null, null, "none/such", "none/such")]
    public async Task Bad_input_is_named(string? workspace, string? agent, string? model, string named)
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());

        var wrong = await Assert.ThrowsAsync<InvalidRequestException>(
            () => kernel.Sessions.CreateAsync(new NewSession(workspace ?? kernel.Workspace, agent, model), Kernel.User, Cancellation));

        Assert.Contains(named, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manual_title_sticks_and_an_empty_one_is_refused()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();

        await kernel.Sessions.ChangeAsync(session, new SessionChange(Title: "  Mine "), Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "hello");

        Assert.Equal("Mine", (await kernel.GetAsync(session)).Title);
        await Assert.ThrowsAsync<InvalidRequestException>(
            () => kernel.Sessions.ChangeAsync(session, new SessionChange(Title: "  "), Kernel.User, Cancellation));
    }

    // N-20, N-21.
    [Fact]
    public async Task Messages_can_be_added_and_edited_without_a_turn()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();

        var added = await kernel.Sessions.AddMessageAsync(session, new NewMessage(Role.System, [new TextPart("be brief")]), Kernel.User, Cancellation);
        var edited = await kernel.Sessions.EditMessageAsync(session, added.Id, new MessageChange([new TextPart("be brisk")]), Kernel.User, Cancellation);

        Assert.Equal((added.Id, Role.System, added.Seq, "be brisk"), (edited.Id, edited.Role, edited.Seq, edited.Text));
        Assert.Equal(["be brisk"], await kernel.TextsAsync(session));
    }

    [Fact]
    public async Task A_session_in_which_a_turn_runs_is_trashed_without_starting_what_waits_which_can_be_started_when_it_is_restored()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, token) => WaitAsync(gate, turn, token)));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("go"), Kernel.User, Cancellation);
        await gate.Reached;
        var waits = await kernel.Sessions.PromptAsync(session, new PromptRequest("waits", When: WhenBusy.Queue), Kernel.User, Cancellation);

        var trashed = (await kernel.Sessions.TrashAsync(session, Kernel.User, Cancellation)).Session;
        gate.Open();
        await kernel.Sessions.RestoreAsync(session, Kernel.User, Cancellation);
        var started = await kernel.Sessions.StartQueuedAsync(session, Kernel.User, Cancellation);
        await kernel.EventAsync<TurnCompleted>(session, started.Seq);

        Assert.Equal((SessionStatus.Interrupted, 1, waits.Turn), (trashed.Status, trashed.Queue.Count, started.Turn));
        Assert.NotNull(trashed.TrashedAt);
    }

    [Fact]
    public async Task Trashing_a_session_trashes_its_sub_agents_sessions_and_restoring_brings_them_back()
    {
        var clock = new ManualClock();
        await using var kernel = await Kernel.StartAsync(clock, ScriptedAgent.Echo());
        var parent = await kernel.NewSessionAsync();
        var child = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: parent), Kernel.User, Cancellation)).Session.Id;
        var below = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: child), Kernel.User, Cancellation)).Session.Id;
        var before = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: parent), Kernel.User, Cancellation)).Session.Id;
        await kernel.Sessions.TrashAsync(before, Kernel.User, Cancellation);

        // The clock stands still: that one was there before is not told by the time.
        await kernel.Sessions.TrashAsync(parent, Kernel.User, Cancellation);

        Assert.All(await AllAsync(), static s => Assert.NotNull(s.TrashedAt));
        await kernel.Sessions.RestoreAsync(parent, Kernel.User, Cancellation);
        Assert.Equal([false, false, false, true], (await AllAsync()).Select(s => s.TrashedAt is not null));

        async Task<Session[]> AllAsync() => [await kernel.GetAsync(parent), await kernel.GetAsync(child), await kernel.GetAsync(below), await kernel.GetAsync(before)];
    }

    [Fact]
    public async Task A_session_that_is_let_go_can_be_prompted_again()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");

        await kernel.Sessions.ReleaseAsync(session, Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "two");

        Assert.Equal(4, (await kernel.GetAsync(session)).Messages);
    }

    // P flaw 9.
    [Fact]
    public async Task An_agent_that_fails_while_it_is_ended_leaves_the_session_usable()
    {
        await using var kernel = await Kernel.StartAsync(new AgentKind("unending", static _ => new Unending(), Resumes: true, static _ => null));
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");

        await kernel.Sessions.ReleaseAsync(session, Kernel.User, Cancellation);
        await kernel.TurnAsync(session, "two");

        Assert.Equal(4, (await kernel.GetAsync(session)).Messages);
    }

    [Fact]
    public async Task An_unknown_session_is_not_found()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());

        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.Sessions.GetAsync(kernel.Sessions.Ids.Next<SessionId>(), Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(
            () => kernel.Sessions.PromptAsync(kernel.Sessions.Ids.Next<SessionId>(), new PromptRequest("x"), Kernel.User, Cancellation));
    }

    private static async IAsyncEnumerable<AgentOutput> WaitAsync(Gate gate, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.PassAsync(cancellationToken);
        await foreach (var output in ScriptedAgent.Say(turn, "fine"))
            yield return output;
    }

    private sealed class Unending : IAgent
    {
        public bool CanSteer => false;

        public IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, CancellationToken cancellationToken) => ScriptedAgent.Say(turn, "Honk.");

        public ValueTask DisposeAsync() => throw new InvalidOperationException("It will not end.");
    }
}
