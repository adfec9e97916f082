using System.Diagnostics.CodeAnalysis;

namespace Skein.Core.Agents;

/// <summary>
/// The agents that sessions can have: those with names of their own, those whose name itself says how they are started, and those that are
/// defined by somebody else, which the first of the named plays.
/// </summary>
/// <param name="named">In the order they are listed.</param>
/// <param name="spelled">Finds an agent by a name that says how it is started; null: there are none of these.</param>
/// <param name="defined">Finds an agent that is defined; null: there are none of these.</param>
public sealed class AgentKinds(IEnumerable<AgentKind> named, Func<string, AgentKind?>? spelled = null, AgentFinder? defined = null)
{
    private readonly List<AgentKind> _named = [.. named];

    /// <summary>Those with names of their own.</summary>
    public IReadOnlyCollection<AgentKind> Named => _named;

    /// <summary>Whether the name is one of the server's own agents, and not one that is defined.</summary>
    public bool Knows(string name) => Own(name) is not null;

    /// <summary>Who works in a session of this agent. Whether one that is defined is there shows when it is asked for.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out AgentKind? kind) =>
        (kind = Own(name) ?? (defined is null ? null : _named[0])) is not null;

    /// <summary>What a session of an agent begins with.</summary>
    /// <exception cref="InvalidRequestException">There is no such agent, or what defines it breaks a rule.</exception>
    public async ValueTask<DefinedAgent> FindAsync(string name, string workspace, CancellationToken cancellationToken)
    {
        if (Knows(name))
            return new DefinedAgent(null, null);
        return (defined is null ? null : await defined(name, workspace, cancellationToken))
            ?? throw new InvalidRequestException(
                $"There is no agent '{name}'; there are: {string.Join(", ", _named.Select(k => k.Name).Order(StringComparer.Ordinal))}{(defined is null ? "" : ", and those that 'skein agents' lists for a folder")}.");
    }

    private AgentKind? Own(string name) => _named.Find(k => k.Name == name) ?? spelled?.Invoke(name);
}
