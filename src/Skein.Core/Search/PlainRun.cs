using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Skein.Core.Search;

/// <summary>
/// The longest stretch of a text that is sure to stand in a log byte for byte, but for the case of ASCII letters: without characters that
/// JSON or Skein's encoder escapes, and, where case does not count, without others that have a case.
/// </summary>
internal static class PlainRun
{
    private static readonly JavaScriptEncoder s_encoder = SkeinJson.Relaxed.Options.Encoder!;

    /// <summary>As UTF-8; empty where no character is plain.</summary>
    public static byte[] Longest(string text, bool matchCase)
    {
        var (bestStart, bestLength) = (0, 0);
        var (start, at) = (0, 0);
        while (at < text.Length)
        {
            // A half of a pair cannot stand in a log; its text is then found nowhere, whatever is sought first.
            var isRune = Rune.TryGetRuneAt(text, at, out var rune);
            at += isRune ? rune.Utf16SequenceLength : 1;
            if (!isRune || !IsPlain(rune, matchCase))
                start = at;
            else if (at - start > bestLength)
                (bestStart, bestLength) = (start, at - start);
        }

        return Encoding.UTF8.GetBytes(text, bestStart, bestLength);
    }

    internal static bool IsPlain(Rune rune, bool matchCase)
    {
        if (rune.IsAscii)
            return !s_encoder.WillEncode(rune.Value);

        // What is no UTF-8 reads as U+FFFD. Beyond the BMP the encoder escapes and SafeJson undoes it.
        return rune != Rune.ReplacementChar && (!rune.IsBmp || !s_encoder.WillEncode(rune.Value)) && (matchCase || !HasCase(rune));
    }

    private static bool HasCase(Rune rune) =>
        Rune.ToUpperInvariant(rune) != rune || Rune.ToLowerInvariant(rune) != rune
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;
}
