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
}
