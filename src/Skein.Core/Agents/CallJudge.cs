using Skein.Core.Events;

namespace Skein.Core.Agents;

/// <summary>Judges what a driven agent asks permission for.</summary>
/// <param name="effect">One word: what it would do.</param>
public delegate Task<CallJudgement> CallJudge(PermissionAsked question, string effect, CancellationToken cancellationToken);

/// <param name="Forbidden">Why it is forbidden; the agent is told. Null: it is not.</param>
/// <param name="Asks">Why somebody is to be asked, whatever the mode allows; null: as the mode has it.</param>
public sealed record CallJudgement(string? Forbidden, string? Asks);
