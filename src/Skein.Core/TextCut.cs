namespace Skein.Core;

/// <summary>Where a text may be cut: never between the halves of a surrogate pair, each of which alone is no character.</summary>
internal static class TextCut
{
    /// <summary>The beginning of a text that is longer than <paramref name="most"/>, with what says that it goes on; else all of it.</summary>
    public static string Head(string text, int most, string more = "") =>
        text.Length <= most ? text : string.Concat(text.AsSpan(0, Before(text, most)), more);

    /// <summary>The place itself, or the one before it.</summary>
    public static int Before(ReadOnlySpan<char> text, int at) => IsInPair(text, at) ? at - 1 : at;

    /// <summary>The place itself, or the one after it.</summary>
    public static int After(ReadOnlySpan<char> text, int at) => IsInPair(text, at) ? at + 1 : at;

    private static bool IsInPair(ReadOnlySpan<char> text, int at) =>
        at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]);
}
