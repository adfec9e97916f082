using System.Text;
using System.Text.Json;

namespace Skein.Agent.Settings;

/// <summary>Changes JSON as text, so that all beside the change stays as somebody wrote it, comments included. What is no JSON is a <see cref="JsonException"/>.</summary>
internal static class JsonText
{
    private static readonly JsonReaderOptions s_reading = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Gives a key a value; objects on the way to it are made.</summary>
    /// <param name="value">JSON.</param>
    public static byte[] Set(byte[] json, string[] keys, string value)
    {
        var (start, end, text) = Place(json, keys, value);
        return [.. json[..start], .. Encoding.UTF8.GetBytes(text), .. json[end..]];
    }

    /// <summary>Puts items at the beginning of a list, one a line; the list is made where it is missing.</summary>
    /// <param name="key">Of the outermost object.</param>
    public static byte[] Prepend(byte[] json, string key, IReadOnlyList<string> items)
    {
        var lines = string.Join(",", items.Select(static i => $"\n    {i}"));
        var reader = new Utf8JsonReader(json, s_reading);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(key);
            reader.Read();
            if (!found || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            var first = (int)reader.BytesConsumed;
            var isEmpty = reader.Read() && reader.TokenType == JsonTokenType.EndArray;
            return [.. json[..first], .. Encoding.UTF8.GetBytes(lines + (isEmpty ? "\n  " : ",")), .. json[first..]];
        }

        return Set(json, [key], $"[{lines}\n  ]");
    }

    /// <returns>The stretch to replace, and what by: the value where the key is there, else a new property at the end of its object.</returns>
    private static (int Start, int End, string Text) Place(byte[] json, string[] keys, string value)
    {
        var reader = new Utf8JsonReader(json, s_reading);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return (0, json.Length, Nested(keys, 0, value));

        var depth = 0;
        var last = (int)reader.BytesConsumed;
        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(keys[depth]);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (found && depth < keys.Length - 1 && reader.TokenType == JsonTokenType.StartObject)
            {
                depth++;
                (last, isEmpty) = ((int)reader.BytesConsumed, true);
                continue;
            }

            reader.Skip();
            (last, isEmpty) = ((int)reader.BytesConsumed, false);
            if (found)
                return (start, last, depth == keys.Length - 1 ? value : Nested(keys, depth + 1, value));
        }

        var indent = new string(' ', 2 * (depth + 1));
        var property = $"\n{indent}{JsonSerializer.Serialize(keys[depth], KeysJson.Default.String)}: {(depth == keys.Length - 1 ? value : Nested(keys, depth + 1, value))}";
        return isEmpty ? (last, last, $"{property}\n{indent[2..]}") : (last, last, "," + property);
    }

    /// <summary>Takes a key away, with the comma before it; the first of an object goes with the comma behind it.</summary>
    /// <returns>Null: it is not there.</returns>
    public static byte[]? Remove(byte[] json, string[] keys)
    {
        var reader = new Utf8JsonReader(json, s_reading);
        reader.Read();
        var depth = 0;
        var last = (int)reader.BytesConsumed;
        var isFirst = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(keys[depth]);
            reader.Read();
            if (found && depth < keys.Length - 1 && reader.TokenType == JsonTokenType.StartObject)
            {
                depth++;
                (last, isFirst) = ((int)reader.BytesConsumed, true);
                continue;
            }

            reader.Skip();
            var end = (int)reader.BytesConsumed;
            if (found && depth == keys.Length - 1)
                return [.. json[..last], .. json[(isFirst ? AfterComma(json, end) : end)..]];
            (last, isFirst) = (end, false);
        }

        return null;
    }

    private static int AfterComma(byte[] json, int at)
    {
        var next = at;
        while (json[next] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            next++;
        return json[next] == (byte)',' ? next + 1 : at;
    }

    private static string Nested(string[] keys, int from, string value) =>
        from == keys.Length ? value : $"{{ {JsonSerializer.Serialize(keys[from], KeysJson.Default.String)}: {Nested(keys, from + 1, value)} }}";
}
