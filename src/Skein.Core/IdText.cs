using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Skein.Core;

/// <summary>The text of an id: how 48 bits of time and 80 random bits become 26 characters and back.</summary>
internal static class IdText
{
    public const int Length = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TimeLength = 10;
    private static readonly SearchValues<char> s_alphabet = SearchValues.Create(Alphabet);

    // The 48 bits reach into the year 10889, DateTimeOffset ends before it.
    private static readonly long s_lastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static bool IsWellFormed([NotNullWhen(true)] string? text, string prefix)
    {
        if (text is null || text.Length != prefix.Length + Length || !text.StartsWith(prefix, StringComparison.Ordinal))
            return false;

        var body = text.AsSpan(prefix.Length);
        return body[0] <= '7' && !body.ContainsAnyExcept(s_alphabet) && Milliseconds(body) <= s_lastMillisecond;
    }

    /// <summary>Whether an id, or its random end, which is what people are shown of it, begins so.</summary>
    public static bool Begins(ReadOnlySpan<char> body, ReadOnlySpan<char> start) =>
        body.StartsWith(start, StringComparison.Ordinal) || body[TimeLength..].StartsWith(start, StringComparison.Ordinal);

    public static DateTimeOffset TimeOf(ReadOnlySpan<char> body) => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds(body));

    public static string Encode(string prefix, long milliseconds, UInt128 random) =>
        string.Create(prefix.Length + Length, (prefix, milliseconds, random), static (text, value) =>
        {
            value.prefix.CopyTo(text);
            var rest = ((UInt128)value.milliseconds << 80) | value.random;
            for (var i = text.Length - 1; i >= value.prefix.Length; i--, rest >>= 5)
                text[i] = Alphabet[(int)(rest & 31)];
        });

    private static long Milliseconds(ReadOnlySpan<char> body)
    {
        var value = 0L;
        foreach (var c in body[..TimeLength])
            value = (value << 5) | (long)Alphabet.IndexOf(c);
        return value;
    }
}
