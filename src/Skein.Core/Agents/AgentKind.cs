namespace Skein.Core.Agents;

/// <summary>A kind of agent that sessions can have, by name.</summary>
/// <param name="Name">As in <see cref="Session.Agent"/>, for example <c>skein</c>.</param>
/// <param name="Open">Makes the agent for one session. It starts nothing before its first turn.</param>
/// <param name="Resumes">A question of it stays open across a restart and can still be answered; the turn then goes on.</param>
/// <param name="CheckModel">
/// Answers what is wrong with a model (null: the agent's default) in the words of an error message, or null when it can be used.
/// </param>
public sealed record AgentKind(string Name, Func<Session, IAgent> Open, bool Resumes, Func<string?, string?> CheckModel);
