using Skein.Cli.Repl.Editing;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary>How a REPL begins.</summary>
/// <param name="Resume">The session to go on with; null: a new one, made with the first prompt.</param>
/// <param name="List">Show the sessions there are to go on with.</param>
/// <param name="Guide">What a person must know first.</param>
/// <param name="Models">Models to offer.</param>
/// <param name="ContextOf">How many tokens fit into a model's context; null: not known.</param>
/// <param name="MaySteer">Whether an agent of this name can be told more in a turn, as far as is known.</param>
internal sealed record ReplStart(
    NewSession Wanted, SessionId? Resume, bool List, History History, IReadOnlyList<string> Guide, IReadOnlyList<string> Models, Func<string, int?> ContextOf,
    Func<string, bool> MaySteer);
