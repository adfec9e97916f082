using System.Text.Json.Nodes;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>What a driven agent's protocol wants done, in order.</summary>
public abstract record AgentStep
{
    private AgentStep() { }

    /// <summary>Write a frame to the agent.</summary>
    public sealed record Send(JsonObject Frame) : AgentStep;

    /// <summary>Hand an output to the runner; what follows is done once it is durable.</summary>
    public sealed record Yield(AgentOutput Output) : AgentStep;

    /// <summary>Ask whoever is attached, unless the session's mode answers; <see cref="IAgentProtocol.Answer"/> is told.</summary>
    public sealed record Ask(PermissionAsked Question, AgentEffect Effect) : AgentStep;

    /// <summary>The agent no longer waits for the answer to a question.</summary>
    public sealed record Forget(PermissionId Question) : AgentStep;

    /// <summary>The agent's session is open; prompts can come.</summary>
    /// <param name="AgentSession">Its own id.</param>
    public sealed record Opened(string AgentSession) : AgentStep;

    /// <summary>The agent no longer has the session it was to go on with.</summary>
    /// <param name="Why">In its words.</param>
    public sealed record Lost(string Why) : AgentStep;

    /// <summary>The turn is over, or opening failed.</summary>
    /// <param name="Failure">Null: it went well, or was interrupted.</param>
    public sealed record Over(TurnFailure? Failure) : AgentStep;
}

/// <summary>What an agent would do, as far as a mode decides about it.</summary>
public enum AgentEffect
{
    /// <summary>Changes nothing.</summary>
    Read,

    /// <summary>Changes files of the workspace.</summary>
    Edit,

    /// <summary>Runs a command, or does what is not known.</summary>
    Execute,

    /// <summary>Moves the agent's own bounds for more than one call: a person decides, whatever the mode.</summary>
    Widen,
}

/// <summary>The steps that a protocol adds while it hears a frame.</summary>
public sealed class AgentSteps
{
    private readonly Queue<AgentStep> _steps = new();

    public void Send(JsonObject frame) => _steps.Enqueue(new AgentStep.Send(frame));

    public void Yield(AgentOutput output) => _steps.Enqueue(new AgentStep.Yield(output));

    public void Ask(PermissionAsked question, AgentEffect effect) => _steps.Enqueue(new AgentStep.Ask(question, effect));

    public void Forget(PermissionId question) => _steps.Enqueue(new AgentStep.Forget(question));

    public void Opened(string agentSession) => _steps.Enqueue(new AgentStep.Opened(agentSession));

    public void Lost(string why) => _steps.Enqueue(new AgentStep.Lost(why));

    public void Over(TurnFailure? failure = null) => _steps.Enqueue(new AgentStep.Over(failure));

    /// <summary>The next step; it stays.</summary>
    public AgentStep? Peek() => _steps.TryPeek(out var step) ? step : null;

    /// <summary>Takes the next step out.</summary>
    public AgentStep? Take() => _steps.TryDequeue(out var step) ? step : null;
}
