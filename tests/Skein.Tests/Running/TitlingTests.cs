using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>A session is named after its first turn, beside whatever comes next.</summary>
public sealed class TitlingTests
{
    private static readonly MadeTitle s_made = new("The lost geese", "small/model", new Usage(Input: 7, Output: 3), 0.5m);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_its_first_turn_a_session_has_the_title_that_its_agent_makes_and_what_it_cost()
    {
        IReadOnlyList<Message>? told = null;
        await using var kernel = await Kernel.StartAsync(Titled((_, messages, _) =>
        {
            told = messages;
            return ValueTask.FromResult<MadeTitle?>(s_made);
        }));
        var id = await kernel.NewSessionAsync();

        await kernel.TurnAsync(id, "Where are they?");
        var titled = await kernel.EventAsync<SessionTitled>(id);
        await kernel.TurnAsync(id, "And now?");

        var session = await kernel.GetAsync(id);
        Assert.Equal(("The lost geese", TitleSource.Model), (session.Title, session.TitleSource));
        Assert.Equal(new Cause("skein"), titled.By);
        Assert.Equal(["Where are they?", "You said: Where are they?"], told!.Select(m => m.Text));
        Assert.Equal((27, 0.5m), (session.Usage.Input, session.Cost));
        Assert.Single((await kernel.LogAsync(id)).Select(e => e.Body).OfType<ModelCalled>());
    }

    [Fact]
    public async Task The_turn_has_ended_and_the_next_one_runs_while_the_title_is_made()
    {
        var gate = new TaskCompletionSource();
        await using var kernel = await Kernel.StartAsync(Titled(async (_, _, token) =>
        {
            await gate.Task.WaitAsync(token);
            return s_made;
        }));
        var id = await kernel.NewSessionAsync();

        await kernel.TurnAsync(id, "one");
        await kernel.TurnAsync(id, "two");
        gate.SetResult();
        await kernel.EventAsync<SessionTitled>(id);

        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(id));
        Assert.Equal("The lost geese", (await kernel.GetAsync(id)).Title);
    }

    [Fact]
    public async Task A_title_that_was_given_by_hand_meanwhile_stays_and_the_call_is_counted()
    {
        var gate = new TaskCompletionSource();
        await using var kernel = await Kernel.StartAsync(Titled(async (_, _, token) =>
        {
            await gate.Task.WaitAsync(token);
            return s_made;
        }));
        var id = await kernel.NewSessionAsync();
        await kernel.TurnAsync(id, "one");

        await kernel.Sessions.ChangeAsync(id, new SessionChange(Title: "Mine"), Kernel.User, Cancellation);
        gate.SetResult();
        await kernel.EventAsync<ModelCalled>(id);

        var session = await kernel.GetAsync(id);
        Assert.Equal(("Mine", TitleSource.Manual, 0.5m), (session.Title, session.TitleSource, session.Cost));
    }

    [Fact]
    public async Task A_session_that_was_named_when_it_was_made_is_not_named_again()
    {
        var asked = 0;
        await using var kernel = await Kernel.StartAsync(Titled((_, _, _) =>
        {
            asked++;
            return ValueTask.FromResult<MadeTitle?>(s_made);
        }));
        var named = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Title: "Mine"), Kernel.User, Cancellation)).Session.Id;
        var child = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: named), Kernel.User, Cancellation)).Session.Id;

        await kernel.TurnAsync(named, "one");
        await kernel.TurnAsync(child, "one");
        await kernel.Sessions.DisposeAsync();

        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task A_first_turn_that_was_interrupted_names_nothing_the_first_that_ends_does()
    {
        var told = new List<int>();
        var first = true;
        await using var kernel = await Kernel.StartAsync(Titled(
            (_, messages, _) =>
            {
                told.Add(messages.Count);
                return ValueTask.FromResult<MadeTitle?>(s_made);
            },
            (turn, token) => first ? Never(turn, token) : ScriptedAgent.Say(turn, "ok")));
        var id = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(id, new PromptRequest("one"), Kernel.User, Cancellation);
        await kernel.EventAsync<MessageAdded>(id);
        await kernel.Sessions.InterruptAsync(id, Kernel.User, Cancellation);
        first = false;

        await kernel.TurnAsync(id, "two");
        await kernel.EventAsync<SessionTitled>(id);
        await kernel.TurnAsync(id, "three");

        Assert.Single(told);
        Assert.Equal("The lost geese", (await kernel.GetAsync(id)).Title);
    }

    [Fact]
    public async Task A_title_that_cannot_be_made_leaves_the_session_as_it_was()
    {
        var failed = new TaskCompletionSource();
        await using var kernel = await Kernel.StartAsync(Titled((_, _, _) =>
        {
            failed.SetResult();
            throw new InvalidOperationException("The model is away.");
        }));
        var id = await kernel.NewSessionAsync();

        await kernel.TurnAsync(id, "one");
        await failed.Task.WaitAsync(Cancellation);
        await kernel.TurnAsync(id, "two");

        var session = await kernel.GetAsync(id);
        Assert.Equal(("one", TitleSource.Prompt, SessionStatus.Idle), (session.Title, session.TitleSource, session.Status));
    }

    [Fact]
    public async Task A_server_that_stops_waits_for_no_title()
    {
        var begun = new TaskCompletionSource();
        await using var kernel = await Kernel.StartAsync(Titled(async (_, _, token) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            return s_made;
        }));
        var id = await kernel.NewSessionAsync();
        await kernel.TurnAsync(id, "one");
        await begun.Task.WaitAsync(Cancellation);

        await kernel.RestartAsync();

        Assert.Equal("one", (await kernel.GetAsync(id)).Title);
    }

    [Fact]
    public async Task A_secret_that_a_model_names_a_session_by_is_taken_out()
    {
        await using var kernel = await Kernel.StartAsync(Titled((_, _, _) =>
            ValueTask.FromResult<MadeTitle?>(s_made with { Title = "Key ghp_16C7e42F292c6912E7710c838347Ae178B4a" })));
        var id = await kernel.NewSessionAsync();

        await kernel.TurnAsync(id, "one");
        await kernel.EventAsync<SessionTitled>(id);

        Assert.DoesNotContain("ghp_16C7", (await kernel.GetAsync(id)).Title, StringComparison.Ordinal);
    }

    private static AgentKind Titled(TitleMaker make, TurnScript? script = null) =>
        (script is null ? ScriptedAgent.Echo() : ScriptedAgent.Kind(script)) with { MakeTitle = make };

    private static async IAsyncEnumerable<AgentOutput> Never(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return ScriptedAgent.Begin(turn.Ids.Next<MessageId>());
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
