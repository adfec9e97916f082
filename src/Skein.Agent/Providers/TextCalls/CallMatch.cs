namespace Skein.Agent.Providers.TextCalls;

/// <summary>What stands at a place of an answer.</summary>
internal enum CallMatchKind
{
    /// <summary>Text.</summary>
    None,

    /// <summary>What follows decides.</summary>
    Undecided,

    Calls,
}

/// <param name="End">Where the text goes on after it.</param>
/// <param name="IsSure">It is marked as calls, and none of a text that shows some.</param>
internal sealed record CallMatch(CallMatchKind Kind, int End = 0, IReadOnlyList<TextCall>? Found = null, bool IsSure = false)
{
    public static CallMatch None { get; } = new(CallMatchKind.None);
    public static CallMatch Undecided { get; } = new(CallMatchKind.Undecided);

    public IReadOnlyList<TextCall> Calls => Found ?? [];
}
