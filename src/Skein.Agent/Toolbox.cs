using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;

namespace Skein.Agent;

/// <summary>What a turn of the built-in agent works with.</summary>
/// <param name="Tools">In the order they are shown to the model, their names unique.</param>
public sealed record Toolbox(IReadOnlyList<ITool> Tools, ToolGate Gate)
{
    /// <summary>Files with the user's own instructions, absolute; the first that exists counts, before the project's.</summary>
    public IReadOnlyList<string> UserInstructions { get; init; } = [];

    /// <summary>What ends a turn that says nothing else itself.</summary>
    public TurnLimits Limits { get; init; } = TurnLimits.None;

    /// <summary>How much the model thinks in a turn that says nothing else itself; null: as much as it does by itself.</summary>
    public Effort? Effort { get; init; }

    /// <summary>What the agent is for, where it is not just anything; null: its prompt says all.</summary>
    public string? Prompt { get; init; }

    /// <summary>What the model should know of it, and people hear from it: what is missing and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>What a session's workspace adds to its turns: asked at the beginning of each. It may wrap the gate, to be stricter.</summary>
public delegate ValueTask<Toolbox> ToolboxExtension(Toolbox own, Session session, CancellationToken cancellationToken);
