using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Sandbox.Confining;

namespace Skein.Adapters;

/// <summary>An agent that can be driven.</summary>
/// <param name="Protocol">Makes what speaks with it, for one start of its program.</param>
public sealed record DrivableAgent(string Name, AgentCommand Command, Func<TimeProvider, IAgentProtocol> Protocol)
{
    /// <summary>
    /// What it can do beyond turns, permissions and interrupts: <c>model</c> be given another, <c>resume</c> its own sessions, <c>fork</c>
    /// them, <c>steer</c> be told more in a turn, <c>import</c> have its sessions taken over. Null: it tells that itself when it is started.
    /// </summary>
    public IReadOnlyList<string>? Abilities { get; init; }
}

/// <summary>The driven agents by name: those that are known, those of the user's settings, and <c>acp:command</c> for any other.</summary>
/// <param name="configured">From the settings; one with the name of a known agent replaces it.</param>
/// <param name="tools">The environment that tools see.</param>
/// <param name="all">The environment that agents are let see more of.</param>
/// <param name="containerOf">The name of the container that the work in a folder is done in; null: it is done here.</param>
/// <param name="confine">How what does the work in a folder is confined, where that is done here.</param>
/// <param name="silence">As <see cref="DrivenAgentOptions.Silence"/>.</param>
public sealed class AgentCatalog(
    IEnumerable<DrivableAgent> configured, IReadOnlyDictionary<string, string> tools, IReadOnlyDictionary<string, string> all, TimeProvider time,
    Func<string, CancellationToken, ValueTask<string?>> containerOf, Func<string, CancellationToken, ValueTask<Confinement>> confine, SilenceLimits silence)
{
    private readonly IReadOnlyList<DrivableAgent> _agents = [.. configured.Concat(KnownAgents.All).DistinctBy(a => a.Name)];

    /// <summary>Those with names of their own, and the environment that each would see.</summary>
    public IEnumerable<DrivableAgent> Named => _agents;

    /// <summary>As kinds of agents for the sessions.</summary>
    public IEnumerable<AgentKind> Kinds => _agents.Select(Kind);

    /// <summary>The agent that a name such as <c>acp:goose acp</c> says how to start; null: the name is none of these.</summary>
    public AgentKind? Find(string name) => KnownAgents.Spelled(name) is { } agent ? Kind(agent) : null;

    /// <summary>All that the agent's program sees.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentOf(DrivableAgent agent) => agent.Command.EnvironmentOf(tools, all);

    /// <summary>How an agent is driven.</summary>
    internal DrivenAgentOptions Options(DrivableAgent agent) => new(agent.Name, agent.Command, () => agent.Protocol(time), time)
    {
        Environment = EnvironmentOf(agent), Passed = agent.Command.OwnVariables(all), ContainerOf = containerOf, Confine = confine, Silence = silence,
    };

    private AgentKind Kind(DrivableAgent agent) => DrivenAgent.Kind(Options(agent));
}
