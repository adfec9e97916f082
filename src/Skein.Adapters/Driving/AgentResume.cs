namespace Skein.Adapters.Driving;

/// <summary>What a started agent begins with.</summary>
/// <param name="Id">The agent's own id of a session.</param>
/// <param name="Paid">What that cost so far, in US dollars.</param>
/// <param name="Forks">It goes on in a fork of that session, which stays as it is; else in the session itself.</param>
public sealed record AgentResume(string Id, decimal Paid, bool Forks);
