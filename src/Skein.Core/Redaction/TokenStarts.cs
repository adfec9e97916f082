using System.Buffers;

namespace Skein.Core.Redaction;

/// <summary>Where a token may begin.</summary>
internal enum TokenStart
{
    Anywhere,

    /// <summary>Not within a word: <c>task-…</c> holds no <c>sk-…</c>.</summary>
    AfterNoLetter,

    /// <summary>Nor after a hyphen or an underscore, so that a run of such characters is looked at once only.</summary>
    AfterNoTokenCharacter,
}

/// <summary>Tells the begin of a token from the middle of a word, also in text that is escaped or coloured.</summary>
internal static class TokenStarts
{
    /// <summary>The most characters before a place that are looked at.</summary>
    public const int Back = 16;

    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdefABCDEF");

    public static bool IsAt(ReadOnlySpan<char> text, int at, TokenStart starts)
    {
        if (at == 0 || starts == TokenStart.Anywhere)
            return true;

        var before = text[at - 1];
        var within = char.IsAsciiLetterOrDigit(before) || (starts == TokenStart.AfterNoTokenCharacter && before is '-' or '_');
        return !within || EndsEscape(text[Math.Max(0, at - Back)..at]);
    }

    // The last letter of \n, \u000a, %3D or of a terminal's colour is not the letter of a word.
    private static bool EndsEscape(ReadOnlySpan<char> text)
    {
        if (text.Length >= 2 && text[^2] == '\\' && text[^1] is 'n' or 'r' or 't' or 'b' or 'f')
            return true;
        if (text.Length >= 3 && text[^3] == '%' && char.IsAsciiHexDigit(text[^2]) && char.IsAsciiHexDigit(text[^1]))
            return true;
        if (text.Length >= 6 && text[^6] == '\\' && text[^5] == 'u' && text[^4..].IndexOfAnyExcept(s_hex) < 0)
            return true;

        if (text[^1] != 'm')
            return false;
        var codes = text[..^1].TrimEnd("0123456789;");
        return codes.EndsWith("\u001b[") || codes.EndsWith("\\u001b[") || codes.EndsWith("\\x1b[") || codes.EndsWith("\\033[");
    }
}
