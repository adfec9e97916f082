using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Cli.Composition;

/// <summary>The agents that sessions of this home can have, and what a session has that names nothing.</summary>
internal sealed class Agents : IDisposable
{
    private readonly ModelCatalog _models;

    private Agents(ModelCatalog models, AgentKind own)
    {
        _models = models;
        Kinds = new Dictionary<string, AgentKind>(StringComparer.Ordinal) { [own.Name] = own };
        SessionDefaults = new SessionsOptions(own.Name, models.DefaultModel, PermissionMode.Ask, Environment.MachineName);
    }

    public IReadOnlyDictionary<string, AgentKind> Kinds { get; }

    public SessionsOptions SessionDefaults { get; }

    public static Agents Open(Surroundings surroundings)
    {
        var models = new ModelCatalog([], surroundings.Variable, new Dictionary<string, Script>(), surroundings.Time);
        var gate = new ToolGate(
            static (_, _, _, _) => ValueTask.FromResult<ToolVerdict>(new ToolVerdict.Ask(null)),
            static (_, _, _, _) => ValueTask.CompletedTask);
        return new Agents(models, SkeinAgent.Kind(models, [], gate, surroundings.Time));
    }

    public void Dispose() => _models.Dispose();
}
