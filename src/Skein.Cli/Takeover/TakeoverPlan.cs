using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Cli.Takeover;

/// <summary>What would be written for what was found. What is there stays: nothing of one's own is replaced.</summary>
internal sealed class TakeoverPlan
{
    private readonly SettingsDraft _settings;
    private readonly string _settingsPath;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    private TakeoverPlan(SettingsDraft settings, string settingsPath) => (_settings, _settingsPath) = (settings, settingsPath);

    /// <summary>What one's own settings and files say already, and otherwise.</summary>
    public List<string> Kept { get; } = [];

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => _files.Count == 0 && _settings.Before == Settled;

    private string? Settled => _settings.Before is null && _settings.After == "{}\n" ? null : _settings.After;

    /// <param name="settingsPath">The <c>skein.json</c> to add to.</param>
    /// <param name="definitions">The folder of commands and agents.</param>
    /// <exception cref="SettingsException">The settings, with what would be added, break a rule.</exception>
    public static async Task<TakeoverPlan> MakeAsync(Findings found, string settingsPath, string definitions, CancellationToken cancellationToken)
    {
        var plan = new TakeoverPlan(await SettingsDraft.OpenAsync(settingsPath, cancellationToken), settingsPath);
        plan._settings.Check();
        foreach (var (key, value) in found.Values)
            plan.Set(key, value);
        plan.Add([.. found.Rules]);
        plan._settings.Check();
        foreach (var (name, text) in found.Files)
            await plan.WriteAsync(Path.Combine(definitions, name), text, cancellationToken);
        return plan;
    }

    /// <summary>What would change, file by file.</summary>
    /// <param name="shown">A path as people are told it.</param>
    public string Diff(Func<string, string> shown) => string.Concat(
    [
        .. _settings.Before == Settled ? [] : new[] { UnifiedDiff.Of(shown(_settingsPath), _settings.Before, _settings.After) },
        .. _files.Select(f => UnifiedDiff.Of(shown(f.Key), null, f.Value)),
    ]);

    /// <returns>The files that were written.</returns>
    public async Task<IReadOnlyList<string>> CarryOutAsync(CancellationToken cancellationToken)
    {
        var written = new List<string>();
        if (_settings.Before != Settled)
        {
            await _settings.WriteAsync(cancellationToken);
            written.Add(_settingsPath);
        }

        foreach (var (path, text) in _files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await AtomicFile.WriteAsync(path, text, mode: null, cancellationToken);
            written.Add(path);
        }

        return written;
    }

    private void Set(string key, JsonNode value)
    {
        if (_settings.Find(key) is not { } known)
            _settings.Set(key, Spaced(value));
        else if (!JsonNode.DeepEquals(JsonNode.Parse(known.GetRawText()), value))
            Kept.Add($"{key}: {Short(known.GetRawText())} stays, not {Short(Spaced(value))}");
    }

    // Before one's own rules: of those that match the last one holds, and that is to be one's own.
    private void Add(IReadOnlyList<JsonObject> rules)
    {
        JsonNode?[] known = [.. (_settings.Find("permissions")?.EnumerateArray() ?? default).Select(static r => JsonNode.Parse(r.GetRawText()))];
        string[] missing = [.. rules.Where(r => !known.Any(k => JsonNode.DeepEquals(k, r))).Select(Spaced)];
        if (missing.Length > 0)
            _settings.Prepend("permissions", missing);
    }

    private async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            _files[path] = text;
        else if (await ForeignFile.ReadTextAsync(path, cancellationToken) != text)
            Kept.Add($"{path}: it is there, and says something else");
    }

    private static string Short(string json) => json.Length <= 60 ? json : json[..60] + "…";

    // As people write it.
    private static string Spaced(JsonNode? node) => node switch
    {
        JsonObject { Count: > 0 } map => $"{{ {string.Join(", ", map.Select(static p => $"{JsonSerializer.Serialize(p.Key, ForeignText.Default.String)}: {Spaced(p.Value)}"))} }}",
        JsonArray { Count: > 0 } list => $"[{string.Join(", ", list.Select(Spaced))}]",
        null => "null",
        _ => node.ToJsonString(SkeinJson.Relaxed.Options),
    };
}
