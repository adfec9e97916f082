using Skein.Adapters;
using Skein.Agent.Agents;
using Skein.Agent.Settings;
using Skein.Core.Agents;

namespace Skein.Cli.Composition;

/// <summary>An agent that a session can have, and whether it can work here and now.</summary>
/// <param name="Driven">How it is driven; null: it is built in.</param>
/// <param name="Probe">What of a driven one is installed.</param>
/// <param name="Problem">Why it cannot be used; null: it can.</param>
internal sealed record AgentLook(AgentKind Kind, DrivableAgent? Driven, AgentProbe? Probe, string? Problem);

/// <summary>All agents that sessions of the current folder can have.</summary>
/// <param name="Default">The name of the one that a session has that names none.</param>
/// <param name="Defined">Those that files define, and what is wrong with these files.</param>
internal sealed record AgentsLook(string Default, IReadOnlyList<AgentLook> Agents, AgentSet Defined)
{
    /// <summary>Asks each driven agent that is installed for its version.</summary>
    public static async Task<AgentsLook> TakeAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        using var settings = new HomeSettings(home, surroundings);
        using var keys = new ProviderKeys(home.Path);
        await using var agents = Composition.Agents.Open(home, await settings.ReadAsync(null, cancellationToken), await keys.ReadAsync(cancellationToken), settings, telemetry: null, surroundings);
        var defined = await settings.Agents(surroundings).FindAsync(surroundings.Folder, cancellationToken);
        return new AgentsLook(agents.SessionDefaults.DefaultAgent, await Task.WhenAll(agents.Kinds.Named.Select(LookAtAsync)), defined);

        async Task<AgentLook> LookAtAsync(AgentKind kind)
        {
            if (agents.Driven.Named.FirstOrDefault(a => a.Name == kind.Name) is not { } driven)
                return new AgentLook(kind, null, null, kind.CheckModel(kind.Name == agents.SessionDefaults.DefaultAgent ? agents.SessionDefaults.DefaultModel : null));

            var probe = await AgentProbe.OfAsync(driven, agents.Driven.EnvironmentOf(driven), surroundings.Time, cancellationToken);
            return new AgentLook(kind, driven, probe, probe.Program is null ? $"'{driven.Command.Program}' is not installed" : null);
        }
    }
}
