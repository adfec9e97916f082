using System.Diagnostics.CodeAnalysis;

namespace Skein.Core.Agents;

/// <summary>The agents that sessions can have: those with names of their own, and those whose name itself says how they are started.</summary>
/// <param name="named">In the order they are listed.</param>
/// <param name="spelled">Finds an agent by a name that says how it is started; null: there are none of these.</param>
public sealed class AgentKinds(IEnumerable<AgentKind> named, Func<string, AgentKind?>? spelled = null)
{
    private readonly Dictionary<string, AgentKind> _named = named.ToDictionary(k => k.Name, StringComparer.Ordinal);

    /// <summary>Those with names of their own.</summary>
    public IReadOnlyCollection<AgentKind> Named => _named.Values;

    public bool TryFind(string name, [NotNullWhen(true)] out AgentKind? kind) =>
        _named.TryGetValue(name, out kind) || (kind = spelled?.Invoke(name)) is not null;
}
