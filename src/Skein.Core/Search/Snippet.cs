namespace Skein.Core.Search;

/// <summary>A match with a little of what stands around it, as it was said: with line ends, and with whatever control characters there were.</summary>
/// <param name="Text">An ellipsis at an end stands for what was cut there.</param>
/// <param name="Start">Where the match begins in <paramref name="Text"/>, in UTF-16 units.</param>
/// <param name="Length">Of the match, in UTF-16 units; a very long match is cut.</param>
public sealed record Snippet(string Text, int Start, int Length)
{
    private const int Before = 60;
    private const int LongestMatch = 200;
    private const int After = 100;
    private const string Cut = "…";

    internal static Snippet Of(ReadOnlySpan<char> text, int start, int length)
    {
        var from = TextCut.Before(text, Math.Max(0, start - Before));
        var matchEnd = TextCut.Before(text, start + Math.Min(length, LongestMatch));
        var to = TextCut.Before(text, Math.Min(text.Length, matchEnd + After));
        var head = from > 0 ? Cut : "";
        return new Snippet(string.Concat(head, text[from..to], to < text.Length ? Cut : ""), head.Length + start - from, matchEnd - start);
    }
}
