namespace Skein.Core.Agents;

/// <summary>The driven agent's own session of a fork's origin, where it stands as the fork begins.</summary>
/// <param name="Id">The agent's own id of it.</param>
/// <param name="Paid">What it cost so far, in US dollars.</param>
public sealed record AgentOrigin(string Id, decimal Paid);
