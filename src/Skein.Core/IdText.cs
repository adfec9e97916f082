using System.Diagnostics.CodeAnalysis;

namespace Skein.Core;

/// <summary>The text of an id: how 48 bits of time and 80 random bits become 26 characters and back.</summary>
internal static class IdText
{
    public const int Length = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TimeLength = 10;
    private const int HalfOfRandom = TimeLength + 8;
    private const int RandomBits = 80;
    private const int NoDigit = 32;
    private static readonly byte[] s_digits = [.. Enumerable.Range(0, 128).Select(c => Alphabet.IndexOf((char)c, StringComparison.Ordinal) is var digit and >= 0 ? (byte)digit : (byte)NoDigit)];

    // The 48 bits reach into the year 10889, DateTimeOffset ends before it.
    private static readonly long s_lastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static bool IsWellFormed([NotNullWhen(true)] string? text, string prefix) => TryDecode(text, prefix, out _);

    /// <summary>Whether it is an id's text, and of which bits.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, string prefix, out UInt128 bits)
    {
        bits = default;
        if (text.Length != prefix.Length + Length || !text.StartsWith(prefix, StringComparison.Ordinal) || text[prefix.Length] > '7')
            return false;

        // In words of 64 bits: 128 are slow to shift.
        var body = text[prefix.Length..];
        var (time, high, low) = (Number(body[..TimeLength]), Number(body[TimeLength..HalfOfRandom]), Number(body[HalfOfRandom..]));
        if ((time | high | low) < 0 || time > s_lastMillisecond)
            return false;

        bits = ((UInt128)time << RandomBits) | ((UInt128)high << (RandomBits / 2)) | (ulong)low;
        return true;
    }

    /// <summary>Whether an id, or its random end, which is what people are shown of it, begins so.</summary>
    public static bool Begins(ReadOnlySpan<char> body, ReadOnlySpan<char> start) =>
        body.StartsWith(start, StringComparison.Ordinal) || body[TimeLength..].StartsWith(start, StringComparison.Ordinal);

    public static DateTimeOffset TimeOf(UInt128 bits) => DateTimeOffset.FromUnixTimeMilliseconds((long)(ulong)(bits >> RandomBits));

    public static string Encode(string prefix, long milliseconds, UInt128 random) => Encode(prefix, ((UInt128)milliseconds << RandomBits) | random);

    public static string Encode(string prefix, UInt128 bits) =>
        string.Create(prefix.Length + Length, (prefix, bits), static (text, value) => Encode(value.prefix, value.bits, text));

    /// <param name="text">As long as the prefix and the 26 characters.</param>
    public static void Encode(string prefix, UInt128 bits, Span<char> text)
    {
        prefix.CopyTo(text);
        var rest = bits;
        for (var i = text.Length - 1; i >= prefix.Length; i--, rest >>= 5)
            text[i] = Alphabet[(int)((ulong)rest & 31)];
    }

    /// <returns>Negative where not all are digits.</returns>
    private static long Number(ReadOnlySpan<char> digits)
    {
        var (value, wrong) = (0L, 0);
        foreach (var c in digits)
        {
            var digit = c < s_digits.Length ? s_digits[c] : NoDigit;
            (value, wrong) = ((value << 5) | (uint)digit, wrong | digit);
        }

        return wrong < NoDigit ? value : -1;
    }
}
