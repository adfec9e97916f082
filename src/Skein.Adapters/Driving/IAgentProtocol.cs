using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>
/// How a driven agent is spoken to, without its process: what it says goes in, what is to be done comes out. It does no I/O and knows no
/// time but what it is given, so that a recorded conversation can be played through it. One for each start of the agent's program; used
/// by one caller at a time. Nothing that an agent says makes it throw.
/// </summary>
public interface IAgentProtocol
{
    /// <summary>Whether the running turn can be told more by <see cref="Steer"/>.</summary>
    bool CanSteer { get; }

    /// <summary>As <see cref="IAgent.RanBeside"/>.</summary>
    bool RanBeside => false;

    /// <summary>What this start of the program is given after its command's own arguments. Where it names the agent's session, another session needs another start.</summary>
    /// <param name="resume">As in <see cref="Open"/>.</param>
    /// <returns>Null: its session is opened by what it is told, <see cref="Open"/>.</returns>
    IReadOnlyList<string>? Arguments(Session session, AgentResume? resume) => null;

    /// <summary>
    /// The program has started: opens its session. Ends with <see cref="AgentStep.Opened"/>, <see cref="AgentStep.Lost"/> (then this is
    /// called again without <paramref name="resume"/>) or <see cref="AgentStep.Over"/>.
    /// </summary>
    /// <param name="resume">What it goes on with; null: a new session.</param>
    void Open(Session session, AgentResume? resume, AgentSteps steps);

    /// <summary>Begins a turn, whose model and mode may differ from those before. Ends with <see cref="AgentStep.Over"/>.</summary>
    /// <param name="before">Said before the prompt, for an agent that knows nothing of the session so far; null: it does.</param>
    void Prompt(ITurn turn, string? before, AgentSteps steps);

    /// <summary>Begins a turn in which the agent only summarises what its own session holds, by its own means. Ends with <see cref="AgentStep.Over"/>.</summary>
    /// <param name="keep">What the summary is to keep above all; null: whatever it likes.</param>
    void Compact(ITurn turn, string? keep, AgentSteps steps);

    /// <summary>The agent said something: in a turn, while opening, or since the last turn.</summary>
    void Hear(JsonElement frame, AgentSteps steps);

    /// <summary>A question has been answered.</summary>
    void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps);

    /// <summary>The running turn is told more.</summary>
    void Steer(Message message, AgentSteps steps);

    /// <summary>A call of a tool is open, during which the agent may say nothing for longer.</summary>
    bool IsBusy { get; }

    /// <summary>The agent has said all it has to say for now, and goes on by itself when its work in the background is done; or it has not told yet what it offers.</summary>
    bool IsWaiting => false;

    /// <summary>Ends a turn in which the agent waits, and has told nothing for so long, by the agent's own means and with <see cref="AgentStep.Over"/>.</summary>
    void GiveUp(TimeSpan waited, AgentSteps steps) => throw new NotSupportedException("It does not wait.");

    /// <summary>Ends the running turn by the agent's own means; it still ends with <see cref="AgentStep.Over"/>.</summary>
    void Interrupt(AgentSteps steps);
}
