using System.Text.RegularExpressions;

namespace Skein.Core.Redaction;

/// <summary>A secret in a text.</summary>
/// <param name="Anchor">Where what gave it away begins; may lie before <paramref name="Start"/>, or behind it.</param>
/// <param name="Start">The first character to take out.</param>
/// <param name="End">Exclusive.</param>
internal readonly record struct Secret(int Anchor, int Start, int End, string Kind);

/// <summary>One kind of secret and how it is told. All anchors are looked for in one pass; only where one stands is the rule asked.</summary>
/// <param name="Kind">What stands in the mark.</param>
/// <param name="Anchors">Texts that every such secret has; of at least three characters, for speed.</param>
internal abstract record SecretRule(string Kind, IReadOnlyList<string> Anchors)
{
    /// <summary>Characters after an anchor that a rule may look at: what a stream must have read before it can decide.</summary>
    public const int Ahead = 16 * 1024;

    /// <summary>Characters before an anchor that a rule may look at or take.</summary>
    public const int Back = 8 * 1024;

    /// <summary>Whether a secret stands at the anchor.</summary>
    /// <param name="text">Ends at the latest <see cref="Ahead"/> after the anchor.</param>
    public abstract bool TryMatch(ReadOnlySpan<char> text, int anchor, string anchorText, out Secret secret);
}

/// <summary>The value of an environment variable, wherever it stands.</summary>
internal sealed record LiteralRule(string Kind, IReadOnlyList<string> Values) : SecretRule(Kind, Values)
{
    public override bool TryMatch(ReadOnlySpan<char> text, int anchor, string anchorText, out Secret secret)
    {
        secret = new Secret(anchor, anchor, anchor + anchorText.Length, Kind);
        return true;
    }
}

/// <summary>What a text must look like beyond its pattern, so that examples and ordinary code are left alone.</summary>
internal enum SecretLook
{
    /// <summary>Whatever fits the pattern.</summary>
    Any,

    /// <summary>Not one character again and again.</summary>
    Varied,

    /// <summary>Varied, and with a digit or both cases: words joined by hyphens are none.</summary>
    Made,

    /// <summary>As <see cref="Made"/>, but short ones count too.</summary>
    MadeShort,

    /// <summary>No placeholder: a password may be a word.</summary>
    Password,
}

/// <summary>A secret that has a shape.</summary>
/// <param name="Secret">What is taken out; begins with <c>\G</c>.</param>
/// <param name="Before">What stands from the anchor up to the secret; begins with <c>\G</c>. Null: the secret begins with the anchor.</param>
/// <param name="Starts">Where the anchor may stand.</param>
internal sealed record ShapeRule(
    string Kind, IReadOnlyList<string> Anchors, Regex Secret, SecretLook Look, Regex? Before = null, TokenStart Starts = TokenStart.AfterNoLetter)
    : SecretRule(Kind, Anchors)
{
    public override bool TryMatch(ReadOnlySpan<char> text, int anchor, string anchorText, out Secret secret)
    {
        secret = default;
        if (!TokenStarts.IsAt(text, anchor, Starts))
            return false;

        var start = anchor;
        if (Before is not null && !TryEnd(Before, text, ref start))
            return false;

        var end = start;
        if (!TryEnd(Secret, text, ref end))
            return false;

        var random = text[(Before is null ? anchor + anchorText.Length : start)..end];
        secret = new Secret(anchor, start, end, Kind);
        return SecretLooks.Fits(random, Look);
    }

    private static bool TryEnd(Regex regex, ReadOnlySpan<char> text, ref int at)
    {
        foreach (var match in regex.EnumerateMatches(text, at))
        {
            at = match.Index + match.Length;
            return true;
        }

        return false;
    }
}
