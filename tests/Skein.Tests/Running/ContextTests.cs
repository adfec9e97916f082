using Skein.Agent.Compaction;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>What an agent is handed of a session is all that counts of it, however long the session is.</summary>
public sealed class ContextTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_model_is_sent_of_what_an_agent_is_handed_is_what_it_would_be_sent_of_the_whole_session()
    {
        for (var seed = 0; seed < 30; seed++)
            await RunAsync(new Random(seed), $"seed {seed}");
    }

    [Fact]
    public async Task Of_a_session_that_nobody_summarised_the_newest_messages_are_handed_and_whole_turns()
    {
        IReadOnlyList<Message> handed = [];
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, _) =>
        {
            handed = turn.Messages;
            return ScriptedAgent.Say(turn, "Yes.");
        }));
        var session = await kernel.NewSessionAsync();
        var text = new string('x', 1 << 20);
        for (var n = 0; n < 12; n++)
            await kernel.Sessions.AddMessageAsync(session, new NewMessage(n % 2 == 0 ? Role.User : Role.Assistant, [new TextPart($"{n} {text}")]), Kernel.User, Cancellation);

        await kernel.TurnAsync(session, "And now?");

        Assert.Equal("And now?", handed[^1].Text);
        Assert.Equal(Role.User, handed[0].Role);
        Assert.Equal(["8 x", "9 x", "10 ", "11 "], handed.SkipLast(1).Select(m => m.Text[..3]));
        Assert.Equal(14, (await kernel.GetAsync(session)).Messages);
    }

    private static async Task RunAsync(Random random, string label)
    {
        List<IReadOnlyList<Message>> handed = [];
        var script = "say";
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, cancellationToken) =>
        {
            handed.Add(turn.Messages);
            return Turn(turn, script, random, cancellationToken);
        }));
        var session = await kernel.NewSessionAsync();
        for (var step = 0; step < 25; step++)
        {
            var visible = await kernel.MessagesAsync(session);
            switch (random.Next(10))
            {
                case 0 when visible.Count > 2:
                    await kernel.Sessions.RewindAsync(session, new RewindRequest(visible[random.Next(visible.Count)].Id), Kernel.User, Cancellation);
                    break;
                case 1 when (await kernel.GetAsync(session)).Rewinds.Count > 0:
                    await kernel.Sessions.UnrewindAsync(session, new UnrewindRequest(), Kernel.User, Cancellation);
                    break;
                case 2 when visible.Where(m => m.Summary is null).ToList() is { Count: > 0 } said:
                    await kernel.Sessions.EditMessageAsync(session, said[random.Next(said.Count)].Id, new MessageChange([new TextPart($"edited {step}")]), Kernel.User, Cancellation);
                    break;
                case 3:
                    await kernel.RestartAsync();
                    break;
                case 4 when visible.Count > 0:
                    session = (await kernel.Sessions.ForkAsync(session, new ForkRequest(random.Next(2) == 0 ? null : visible[random.Next(visible.Count)].Id), Kernel.User, Cancellation)).Session.Id;
                    break;
                default:
                    script = random.Next(3) == 0 ? "summarise" : random.Next(5) == 0 ? "fail" : "say";
                    await kernel.TurnAsync(session, $"prompt {step}");
                    var before = (await kernel.MessagesAsync(session)).TakeWhile(m => m.Seq <= handed[^1][^1].Seq).ToList();
                    Same(ContextWindow.Of(before), ContextWindow.Of(handed[^1]), $"{label}, step {step}");
                    Assert.True(handed[^1].Count <= before.Count);
                    break;
            }
        }
    }

    private static async IAsyncEnumerable<AgentOutput> Turn(ITurn turn, string script, Random random, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var output in ScriptedAgent.Say(turn, "so ", "it is").WithCancellation(cancellationToken))
            yield return output;
        for (var again = script == "summarise" ? 1 + random.Next(2) : 0; again > 0; again--)
        {
            // As the built-in agent's: it covers what none covered before, and leaves some.
            var window = ContextWindow.Of([.. turn.Messages]);
            yield return new MessageAdded(turn.Ids.Next<MessageId>(), Role.System, MessageStatus.Completed, 0,
                [new MessagePart(turn.Ids.Next<PartId>(), new SummaryPart($"summary {turn.Id}", random.Next(Math.Min(4, window.Tail.Count)), 10))]);
        }

        if (script == "fail")
            yield return new TurnFailure(FailureKind.Network, null, "gone");
    }

    private static void Same(ContextWindow whole, ContextWindow handed, string label)
    {
        Assert.True(whole.Summaries.Select(s => s.Text).SequenceEqual(handed.Summaries.Select(s => s.Text)), $"{label}: summaries");
        Assert.True(Texts(whole.Restated).SequenceEqual(Texts(handed.Restated)), $"{label}: restated {string.Join(" | ", Texts(whole.Restated))} and {string.Join(" | ", Texts(handed.Restated))}");
        Assert.True(Texts(whole.Tail).SequenceEqual(Texts(handed.Tail)), $"{label}: tail {string.Join(" | ", Texts(whole.Tail))} and {string.Join(" | ", Texts(handed.Tail))}");
        Assert.Equal(whole.New.Count, handed.New.Count);
    }

    private static IEnumerable<string> Texts(IEnumerable<Message> messages) => messages.Select(m => $"{m.Id} {m.Text} {m.Status}");
}
