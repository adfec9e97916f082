using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Skein.Core;

/// <summary>
/// Makes JSON text safe for every store: U+0000 and unpaired surrogates become U+FFFD, characters beyond the BMP are written as
/// themselves. Done once, here, so that all stores hold the same text.
/// </summary>
public static class SafeJson
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <summary>Parses JSON that a model or an agent wrote.</summary>
    /// <returns>False when the text is not JSON.</returns>
    public static bool TryParse(string text, out JsonElement element)
    {
        try
        {
            var reader = new Utf8JsonReader(Clean(Encoding.UTF8.GetBytes(text)).Span);
            element = JsonElement.ParseValue(ref reader);
            return !reader.Read();
        }
        catch (JsonException)
        {
            element = default;
            return false;
        }
    }

    internal static JsonElement Clean(JsonElement element)
    {
        var text = element.GetRawText();
        if (!text.Contains("\\u", StringComparison.Ordinal))
            return element;

        var reader = new Utf8JsonReader(Clean(Encoding.UTF8.GetBytes(text)).Span);
        return JsonElement.ParseValue(ref reader);
    }

    /// <summary>Rewrites the escapes in a JSON text; the same memory where there is nothing to do.</summary>
    internal static ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> json) =>
        NeedsCleaning(json.Span) ? Rewrite(json.Span) : json;

    private static bool NeedsCleaning(ReadOnlySpan<byte> json) => json.IndexOf("\\u"u8) >= 0;

    private static byte[] Rewrite(ReadOnlySpan<byte> json)
    {
        var clean = new ArrayBufferWriter<byte>(json.Length);
        while (json.IndexOf((byte)'\\') is var at and >= 0 && at + 1 < json.Length)
        {
            clean.Write(json[..at]);
            json = json[at..];
            if (!TryReadUnit(json, out var unit))
            {
                clean.Write(json[..2]);
                json = json[2..];
            }
            else if (char.IsHighSurrogate(unit) && TryReadUnit(json[6..], out var low) && char.IsLowSurrogate(low))
            {
                Write(clean, new Rune(unit, low));
                json = json[12..];
            }
            else
            {
                clean.Write(unit == 0 || char.IsSurrogate(unit) ? Replacement : json[..6]);
                json = json[6..];
            }
        }

        clean.Write(json);
        return clean.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> clean, Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        clean.Write(utf8[..rune.EncodeToUtf8(utf8)]);
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> json, out char unit)
    {
        unit = '\0';
        if (json.Length < 6 || json[0] != '\\' || json[1] != 'u')
            return false;

        if (!Utf8Parser.TryParse(json.Slice(2, 4), out ushort value, out var read, 'x') || read != 4)
            return false;

        unit = (char)value;
        return true;
    }
}
