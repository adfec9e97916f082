using System.Buffers;
using System.Text;
using System.Text.Json;
using Skein.Core.Search;

namespace Skein.Store;

/// <summary>Looks for a match in the strings and numbers of a line, where they stand: nearly all lines have none, and are never made an event.</summary>
internal static class LineTexts
{
    // What an event has outside of objects and lists of its own are ids, names and numbers, nothing that anybody said.
    private const int ShallowestText = 3;

    /// <returns>True also where the line cannot be read: whoever decodes it decides.</returns>
    public static bool MayMatch(this TextMatcher matcher, ReadOnlySpan<byte> line)
    {
        var text = ArrayPool<char>.Shared.Rent(line.Length);
        try
        {
            var reader = new Utf8JsonReader(line);
            while (reader.Read())
            {
                if (reader.CurrentDepth < ShallowestText || reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
                    continue;

                var length = reader.TokenType == JsonTokenType.String ? reader.CopyString(text) : Encoding.UTF8.GetChars(reader.ValueSpan, text);
                if (matcher.IsMatch(text.AsSpan(0, length)))
                    return true;
            }

            return false;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return true;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }
    }
}
