using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Agent;

/// <summary>Whether a call may be carried out.</summary>
public abstract record ToolVerdict
{
    private protected ToolVerdict() { }

    public static ToolVerdict Allowed { get; } = new Allow();

    public sealed record Allow : ToolVerdict;

    /// <summary>Somebody must be asked.</summary>
    /// <param name="Pattern">What «always» would allow from then on, as a rule's pattern; null: it cannot be remembered.</param>
    public sealed record Ask(string? Pattern) : ToolVerdict;

    /// <param name="Message">Why not; the model reads it.</param>
    public sealed record Deny(string Message) : ToolVerdict;
}

/// <summary>Who decides about calls. A guard that cannot decide must deny, not throw.</summary>
/// <param name="Decide">What is to be done with a call of a tool; the session tells the mode.</param>
/// <param name="Remember">Somebody answered «always»: the tool and the pattern of <see cref="ToolVerdict.Ask"/>.</param>
public sealed record ToolGate(
    Func<Session, string, ToolIntent, CancellationToken, ValueTask<ToolVerdict>> Decide,
    Func<Session, string, string, CancellationToken, ValueTask> Remember);
