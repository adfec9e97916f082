using System.Text.Json;
using Skein.Agent.Tools;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>One settings file, as a program changes it for its user: what it says beside the change stays as it is, comments included.</summary>
public static class SettingsFile
{
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
        var draft = await SettingsDraft.OpenAsync(path, cancellationToken);
        draft.Set(key, AsJson(value));
        await draft.WriteAsync(cancellationToken);
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
            after = JsonText.Remove(before, key.Split('.'));
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

    internal static async Task<byte[]> ReadBytesAsync(string path, string file, CancellationToken cancellationToken)
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
}
