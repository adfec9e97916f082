using System.Runtime.InteropServices;

namespace Skein.Store;

/// <summary>
/// Stands in for a text of a row that is only compared. What has another one is another text; what has the same is looked at. It is
/// valid in this process alone.
/// </summary>
internal static class Fingerprint
{
    /// <summary>Of no text.</summary>
    public const long None = 0;

    private const int Units = 4;

    public static long Of(string? text) => text is null
        ? None
        : ((long)text.GetHashCode(StringComparison.Ordinal) << 32) | LogLine.Crc(MemoryMarshal.AsBytes(text.AsSpan()));

    /// <summary>How the text begins: its first characters themselves.</summary>
    public static ulong StartOf(ReadOnlySpan<char> text)
    {
        var start = 0UL;
        for (var i = 0; i < Units; i++)
            start = (start << 16) | (i < text.Length ? text[i] : 0UL);
        return start;
    }

    /// <summary>Whether a text may begin with another one.</summary>
    public static bool MayBegin(ulong start, ReadOnlySpan<char> with) =>
        (start ^ StartOf(with)) >> (16 * (Units - Math.Min(with.Length, Units))) == 0 || with.IsEmpty;
}
