using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>How a prompt comes to its agent.</summary>
public sealed class PromptTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // O-09, P-19.
    [Fact]
    public async Task What_a_prompt_asks_for_reaches_its_turn_and_agent_model_and_mode_stay()
    {
        var heard = new List<ITurn>();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo(), ScriptedAgent.Kind(Listen, name: "other"));
        var session = await kernel.NewSessionAsync();
        Part[] parts = [new TextPart("Look."), new FilePart("image/png", "a.png", Url: "https://example.org/a.png")];

        var prompt = new PromptRequest(
            Parts: parts, Agent: "other", Model: "scripted/b", Mode: PermissionMode.Plan, System: "Be brief.", Tools: ["read"]);
        var accepted = await kernel.Sessions.PromptAsync(session, prompt, Kernel.User, Cancellation);
        await kernel.EventAsync(session, accepted.Seq, e => e.Body is TurnCompleted);
        await kernel.TurnAsync(session, "again");

        Assert.Equal(parts, heard[0].Messages[^1].Parts.Select(p => p.Content));
        Assert.Equal(("Be brief.", null), (heard[0].System, heard[1].System));
        Assert.Equal(["read"], heard[0].Tools);
        Assert.Null(heard[1].Tools);
        Assert.All(heard, turn => Assert.Equal(("other", "scripted/b", PermissionMode.Plan), (turn.Session.Agent, turn.Session.Model, turn.Session.Mode)));

        async IAsyncEnumerable<AgentOutput> Listen(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            heard.Add(turn);
            await foreach (var output in ScriptedAgent.Say(turn, "ok"))
                yield return output;
        }
    }

    // P-12, O-13.
    [Fact]
    public async Task A_prompt_is_in_the_log_before_its_agent_hears_of_it()
    {
        IReadOnlyList<string>? before = null;
        ISessionStore? store = null;
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Look));
        store = kernel.Store;
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "go");

        Assert.Equal(["session.created", "turn.started", "message.added"], before);

        async IAsyncEnumerable<AgentOutput> Look(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            before = await store!.ReadAsync(turn.Session.Id, 0, cancellationToken).Select(e => e.Type).ToListAsync(cancellationToken);
            yield break;
        }
    }

    [Fact]
    public async Task Prompts_that_wait_are_edited_and_taken_back_and_outlive_a_restart()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((_, token) => HoldAsync(gate, token)));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        List<TurnId> turns = [];
        foreach (var text in new[] { "two", "three", "four" })
            turns.Add((await kernel.Sessions.PromptAsync(session, new PromptRequest(text, When: WhenBusy.Queue), Kernel.User, Cancellation)).Turn);

        await kernel.Sessions.EditQueuedAsync(session, turns[1], new PromptChange("three, edited"), Kernel.User, Cancellation);
        await kernel.Sessions.WithdrawAsync(session, turns[0], Kernel.User, Cancellation);
        var gone = await Assert.ThrowsAsync<NotInSessionException>(() => kernel.Sessions.EditQueuedAsync(session, turns[0], new PromptChange("x"), Kernel.User, Cancellation));
        await kernel.RestartAsync();

        Assert.Contains(turns[0].Value, gone.Message, StringComparison.Ordinal);
        Assert.Equal(["three, edited", "four"], (await kernel.GetAsync(session)).Queue.Select(q => string.Concat(q.Parts.Select(p => ((TextPart)p.Content).Text))));
    }

    [Fact]
    public async Task A_prompt_that_interrupts_ends_the_turn_and_goes_before_all_that_wait()
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, token) => turn.Messages.Count == 1 ? HoldAsync(gate, token) : ScriptedAgent.Say(turn, "ok")));
        var session = await kernel.NewSessionAsync();
        var first = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        var waiting = await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Queue), Kernel.User, Cancellation);

        var now = await kernel.Sessions.PromptAsync(session, new PromptRequest("now", When: WhenBusy.Interrupt), Kernel.User, Cancellation);
        await kernel.EventAsync(session, now.Seq, e => e.Body is TurnCompleted done && done.Turn == waiting.Turn);

        Assert.Equal(["one", "now", "ok", "two", "ok"], await kernel.TextsAsync(session));
        Assert.Equal(
            [$"interrupted {first.Turn}", $"completed {now.Turn}", $"completed {waiting.Turn}"],
            (await kernel.LogAsync(session)).Select(e => e.Body switch { TurnInterrupted t => $"interrupted {t.Turn}", TurnCompleted t => $"completed {t.Turn}", _ => "" }).Where(t => t.Length > 0));
    }

    private static async IAsyncEnumerable<AgentOutput> HoldAsync(Gate gate, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.PassAsync(cancellationToken);
        yield break;
    }
}
