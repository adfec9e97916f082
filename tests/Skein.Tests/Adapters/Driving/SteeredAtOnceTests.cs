using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Driving;

public sealed class SteeredAtOnceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task An_agent_that_says_nothing_is_told_more_at_once()
    {
        var options = new DrivenAgentOptions("echo", new AgentCommand("cat", [], []), static () => new Echo(), TimeProvider.System)
        {
            Environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
        };
        await using var kernel = await Kernel.StartAsync(TimeProvider.System, DrivenAgent.Kind(options));
        var session = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace), Kernel.User, Cancellation)).Session.Id;

        var asked = await kernel.Sessions.PromptAsync(session, new PromptRequest("one"), Kernel.User, Cancellation);
        await kernel.EventAsync(session, asked.Seq, e => e.Body is AgentReported);
        await kernel.Sessions.PromptAsync(session, new PromptRequest("two", When: WhenBusy.Steer), Kernel.User, Cancellation);
        await kernel.EventAsync<TurnCompleted>(session, asked.Seq);

        Assert.Equal(["one", "two"], (await kernel.MessagesAsync(session)).Select(m => m.Text));
        Assert.Equal(
            ["one", "two"],
            (await kernel.LogAsync(session)).Select(e => e.Body).OfType<AgentReported>().Select(r => r.Frame!.Value.GetProperty("told").GetString()));
    }

    /// <summary>Spoken with a program that says what it is told, and nothing else. Its turn ends with what it is told more.</summary>
    private sealed class Echo : IAgentProtocol
    {
        private bool _isTold;

        public bool CanSteer => true;
        public bool IsBusy => false;

        public void Open(Session session, AgentResume? resume, AgentSteps steps) => steps.Opened("own");

        public void Prompt(ITurn turn, string? before, AgentSteps steps) => Tell(turn.Messages[^1], steps);

        public void Steer(Message message, AgentSteps steps)
        {
            _isTold = true;
            Tell(message, steps);
        }

        public void Hear(JsonElement frame, AgentSteps steps)
        {
            steps.Yield(new AgentReported("echo", frame.Clone()));
            if (_isTold)
                steps.Over();
        }

        public void Compact(ITurn turn, string? keep, AgentSteps steps) => throw new NotSupportedException();

        public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps) => throw new NotSupportedException();

        public void Interrupt(AgentSteps steps) => steps.Over();

        private static void Tell(Message message, AgentSteps steps) => steps.Send(new JsonObject { ["told"] = message.Text });
    }
}
