using System.Text;
using System.Text.Json;
using Skein.Agent.Tools;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>One settings file, as a program changes it for its user: what it says beside the change stays as it is, comments included.</summary>
public static class SettingsFile
{
    private static readonly JsonReaderOptions s_reading = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>What the file alone says; null where there is none.</summary>
    /// <exception cref="SettingsException">It cannot be read or breaks a rule.</exception>
    public static Task<SkeinSettings?> ReadAsync(string path, CancellationToken cancellationToken) => SettingsReader.ReadFileAsync(path, cancellationToken);

    /// <summary>Gives a key a value. The file is replaced as a whole, and only by one that breaks no rule.</summary>
    /// <param name="path">Absolute; the file and its folder are made where they are missing.</param>
    /// <param name="key">As <c>mode</c> or <c>providers.local.base_url</c>.</param>
    /// <param name="value">JSON; anything that is none is taken as a text.</param>
    /// <exception cref="SettingsException">The file with the change breaks a rule; it is as it was.</exception>
    public static async Task SetAsync(string path, string key, string value, CancellationToken cancellationToken)
    {
        // A link, as people have whose settings lie in a repository, stays one.
        var file = RealPath.Of(path);
        var before = File.Exists(file) ? await ReadBytesAsync(path, file, cancellationToken) : "{}\n"u8.ToArray();
        var after = Set(path, before, key.Split('.'), AsJson(value));
        new SettingsParser(path).Parse(after);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await AtomicFile.WriteAsync(file, after, mode: null, cancellationToken);
    }

    /// <summary>Takes a key away. The file is replaced as a whole, and only by one that breaks no rule.</summary>
    /// <returns>False: the file does not say it.</returns>
    /// <exception cref="SettingsException">The file without it breaks a rule, or cannot be read; it is as it was.</exception>
    public static async Task<bool> RemoveAsync(string path, string key, CancellationToken cancellationToken)
    {
        var file = RealPath.Of(path);
        if (!File.Exists(file))
            return false;

        var before = await ReadBytesAsync(path, file, cancellationToken);
        byte[]? after;
        try
        {
            after = Remove(before, key.Split('.'));
        }
        catch (JsonException e)
        {
            throw new SettingsException(path, null, $"is not JSON: {e.Message}");
        }

        if (after is null)
            return false;

        new SettingsParser(path).Parse(after);
        await AtomicFile.WriteAsync(file, after, mode: null, cancellationToken);
        return true;
    }

    // Words are what most values are, and nobody wants to quote them twice for a shell.
    private static string AsJson(string value)
    {
        if (value is ['{' or '[' or (>= '0' and <= '9'), ..] or "true" or "false" or "null")
        {
            try
            {
                return JsonElement.Parse(value).GetRawText();
            }
            catch (JsonException)
            {
                // The rule that it breaks is told of the text.
            }
        }

        return "\"" + JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";
    }

    private static byte[] Set(string path, byte[] json, string[] keys, string value)
    {
        if (keys.Any(k => k.Length == 0))
            throw new SettingsException(path, string.Join('.', keys), "is no key: its parts are names with '.' between them.");
        try
        {
            var (start, end, text) = Find(json, keys, value);
            return [.. json[..start], .. Encoding.UTF8.GetBytes(text), .. json[end..]];
        }
        catch (JsonException e)
        {
            throw new SettingsException(path, null, $"is not JSON: {e.Message}");
        }
    }

    /// <returns>The stretch to replace, and what by: the value where the key is there, else a new property at the end of its object.</returns>
    private static (int Start, int End, string Text) Find(byte[] json, string[] keys, string value)
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

    // With the comma before it; the first of an object goes with the comma behind it.
    private static byte[]? Remove(byte[] json, string[] keys)
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

    private static async Task<byte[]> ReadBytesAsync(string path, string file, CancellationToken cancellationToken)
    {
        try
        {
            var json = await File.ReadAllBytesAsync(file, cancellationToken);
            return json.AsSpan().StartsWith("\xEF\xBB\xBF"u8) ? json[3..] : json;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, null, $"cannot be read: {e.Message}");
        }
    }

    private static string Nested(string[] keys, int from, string value) =>
        from == keys.Length ? value : $"{{ {JsonSerializer.Serialize(keys[from], KeysJson.Default.String)}: {Nested(keys, from + 1, value)} }}";
}
