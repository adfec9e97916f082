using System.Text.Json;

namespace Skein.Store;

/// <summary>Texts that come again and again, each kept once. For one thread.</summary>
internal sealed class SharedTexts
{
    private const int MostLength = 512;

    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _texts =
        new Dictionary<string, string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <returns>The string that the reader is at; null where it is at null.</returns>
    public string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > MostLength)
            return reader.GetString();

        Span<char> buffer = stackalloc char[MostLength];
        var text = buffer[..reader.CopyString(buffer)];
        if (_texts.TryGetValue(text, out var known))
            return known;

        var made = new string(text);
        _texts.Dictionary.Add(made, made);
        return made;
    }
}
