using Skein.Core.Events;

namespace Skein.Core.Agents;

/// <summary>An agent that a folder, or a user, defines.</summary>
/// <param name="Model">What it works with, <c>provider/name</c>; null: as the session does.</param>
/// <param name="Mode">What it begins with; null: as the session has it.</param>
public sealed record DefinedAgent(string? Model, PermissionMode? Mode);

/// <summary>Finds an agent that is defined for a folder.</summary>
/// <returns>Null: there is none of that name.</returns>
/// <exception cref="InvalidRequestException">What defines it breaks a rule.</exception>
public delegate ValueTask<DefinedAgent?> AgentFinder(string name, string workspace, CancellationToken cancellationToken);
