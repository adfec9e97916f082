using System.Text;
using System.Text.Json;
using Skein.Agent.Tools;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>A settings file with changes that are not written yet. What it says beside them stays as it is, comments included.</summary>
public sealed class SettingsDraft
{
    private static readonly JsonDocumentOptions s_reading = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly string _path;
    private readonly string _file;
    private readonly byte[]? _before;
    private byte[] _after;

    private SettingsDraft(string path, string file, byte[]? before)
    {
        (_path, _file, _before) = (path, file, before);
        _after = before ?? "{}\n"u8.ToArray();
    }

    /// <summary>The file as it is; null: there is none.</summary>
    public string? Before => _before is null ? null : Encoding.UTF8.GetString(_before);

    /// <summary>The file as it would be.</summary>
    public string After => Encoding.UTF8.GetString(_after);

    /// <param name="path">Absolute; there need be no such file.</param>
    /// <exception cref="SettingsException">It cannot be read.</exception>
    public static async Task<SettingsDraft> OpenAsync(string path, CancellationToken cancellationToken)
    {
        // A link, as people have whose settings lie in a repository, stays one.
        var file = RealPath.Of(path);
        return new SettingsDraft(path, file, File.Exists(file) ? await SettingsFile.ReadBytesAsync(path, file, cancellationToken) : null);
    }

    /// <summary>What it says of a key now, as JSON; null: nothing.</summary>
    /// <param name="key">As <c>mode</c> or <c>providers.local.base_url</c>.</param>
    public JsonElement? Find(string key) => Reading(() =>
    {
        using var document = JsonDocument.Parse(_after, s_reading);
        var at = document.RootElement;
        foreach (var name in key.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return (JsonElement?)null;
        }

        return at.Clone();
    });

    /// <summary>Gives a key a value.</summary>
    /// <param name="value">JSON.</param>
    public void Set(string key, string value)
    {
        var keys = key.Split('.');
        if (keys.Any(static k => k.Length == 0))
            throw new SettingsException(_path, key, "is no key: its parts are names with '.' between them.");
        _after = Reading(() => JsonText.Set(_after, keys, value));
    }

    /// <summary>Puts items at the beginning of a list.</summary>
    /// <param name="items">JSON.</param>
    public void Prepend(string key, IReadOnlyList<string> items) => _after = Reading(() => JsonText.Prepend(_after, key, items));

    /// <exception cref="SettingsException">As it would be it breaks a rule.</exception>
    public void Check() => new SettingsParser(_path).Parse(_after);

    /// <summary>Replaces the file as a whole.</summary>
    /// <exception cref="SettingsException">With the changes it breaks a rule; it is as it was.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Check();
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        await AtomicFile.WriteAsync(_file, _after, mode: null, cancellationToken);
    }

    private T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (JsonException e)
        {
            throw new SettingsException(_path, null, $"is not JSON: {e.Message}");
        }
    }
}
