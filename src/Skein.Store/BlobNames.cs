using System.Buffers;
using System.Text;

namespace Skein.Store;

/// <summary>
/// Finds in the bytes of a log whatever may be the name of a blob: 64 lower-case hexadecimal digits in quotation marks, in whatever field
/// of whatever event, also of one that this version does not know.
/// </summary>
internal static class BlobNames
{
    public const int Length = 64;

    private static readonly SearchValues<byte> s_digits = SearchValues.Create("0123456789abcdef"u8);

    public delegate void Named(ReadOnlySpan<char> name);

    public static void ForEach(ReadOnlySpan<byte> bytes, Named named)
    {
        Span<char> name = stackalloc char[Length];

        // A name covers one of the places that are 64 apart, wherever it stands: nothing else is looked at.
        for (var place = Length - 1; place < bytes.Length; place += Length)
        {
            if (!s_digits.Contains(bytes[place]))
                continue;

            var start = bytes[..place].LastIndexOfAnyExcept(s_digits) + 1;
            var after = bytes[place..].IndexOfAnyExcept(s_digits);
            var end = after < 0 ? bytes.Length : place + after;
            if (end - start == Length && start > 0 && end < bytes.Length && bytes[start - 1] == '"' && bytes[end] == '"')
            {
                Encoding.ASCII.GetChars(bytes[start..end], name);
                named(name);
            }

            // A long run of digits is gone through once.
            place = Math.Max(place, end - (end % Length) - 1);
        }
    }
}
