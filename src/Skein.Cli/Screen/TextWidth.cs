using System.Globalization;
using System.Text;

namespace Skein.Cli.Screen;

/// <summary>How many columns of a terminal a text takes: East Asian characters and emoji take two, marks that combine take none.</summary>
internal static class TextWidth
{
    // The blocks of East Asian Width W and F, and the emoji that are shown as pictures; Unicode 16, neighbours joined.
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE),
        (0x2614, 0x2615), (0x2630, 0x2637), (0x2648, 0x2653), (0x267F, 0x267F), (0x268A, 0x268F), (0x2693, 0x2693), (0x26A1, 0x26A1),
        (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3),
        (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
        (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C),
        (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0x4DBF), (0x4DC0, 0xA4CF), (0xA960, 0xA97F),
        (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6F), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x18DFF),
        (0x1AFF0, 0x1B2FF), (0x1D300, 0x1D376), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A),
        (0x1F1E6, 0x1F202), (0x1F210, 0x1F265), (0x1F300, 0x1F320), (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393),
        (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440),
        (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4),
        (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC),
        (0x1F7E0, 0x1F7F0), (0x1F90C, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The columns of one line.</summary>
    public static int Of(ReadOnlySpan<char> line)
    {
        if (Ascii.IsValid(line))
            return line.Length;

        var columns = 0;
        while (!line.IsEmpty)
        {
            var length = StringInfo.GetNextTextElementLength(line);
            columns += OfElement(line[..length]);
            line = line[length..];
        }

        return columns;
    }

    /// <summary>The line, cut to at most so many columns; what was cut ends in an ellipsis.</summary>
    public static string Cut(string line, int columns)
    {
        if (Of(line) <= columns)
            return line;
        if (columns <= 1)
            return columns == 1 ? "…" : "";

        var kept = 0;
        var taken = 0;
        while (StringInfo.GetNextTextElementLength(line.AsSpan(kept)) is var length
               && taken + OfElement(line.AsSpan(kept, length)) is var next && next <= columns - 1)
        {
            kept += length;
            taken = next;
        }

        return string.Concat(line.AsSpan(0, kept), "…");
    }

    /// <summary>The line, cut or filled with spaces to exactly so many columns.</summary>
    public static string Fit(string line, int columns)
    {
        var cut = Cut(line, columns);
        return cut + new string(' ', Math.Max(0, columns - Of(cut)));
    }

    private static int OfElement(ReadOnlySpan<char> element)
    {
        var columns = 0;
        foreach (var rune in element.EnumerateRunes())
        {
            // The variation selector asks for the picture of a character that has both forms.
            columns = Math.Max(columns, rune.Value == 0xFE0F ? 2 : OfRune(rune));
        }

        return columns;
    }

    private static int OfRune(Rune rune)
    {
        if (rune.Value == '\t')
            return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control)
            return 0;
        return IsWide(rune.Value) ? 2 : 1;
    }

    private static bool IsWide(int value)
    {
        var low = 0;
        var high = s_wide.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (value < s_wide[middle].First)
                high = middle - 1;
            else if (value > s_wide[middle].Last)
                low = middle + 1;
            else
                return true;
        }

        return false;
    }
}
