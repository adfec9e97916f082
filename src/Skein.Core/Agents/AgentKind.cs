namespace Skein.Core.Agents;

/// <summary>A kind of agent that sessions can have, by name.</summary>
/// <param name="Name">As in <see cref="Session.Agent"/>, for example <c>skein</c>.</param>
/// <param name="Open">Makes the agent for one session. It starts nothing before its first turn.</param>
/// <param name="Resumes">A question of it stays open across a restart and can still be answered; the turn then goes on.</param>
/// <param name="CheckModel">
/// Answers what is wrong with a model (null: the agent's default) in the words of an error message, or null when it can be used.
/// </param>
public sealed record AgentKind(string Name, Func<Session, IAgent> Open, bool Resumes, Func<string?, string?> CheckModel)
{
    /// <summary>The model of a session that is handed to it and names none; null: it decides.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Names sessions after their first turn; null: they keep the first line of the first prompt.</summary>
    public TitleMaker? MakeTitle { get; init; }
}

/// <summary>Makes a title of what was said. It may take its time: nobody waits for it.</summary>
/// <returns>Null: no model was asked.</returns>
public delegate ValueTask<MadeTitle?> TitleMaker(Session session, IReadOnlyList<Message> messages, CancellationToken cancellationToken);

/// <param name="Title">Null: what the model said is none.</param>
/// <param name="Model">Who was asked, <c>provider/name</c>.</param>
/// <param name="Cost">In US dollars; null where the price is not known.</param>
public sealed record MadeTitle(string? Title, string Model, Usage? Usage, decimal? Cost);
