using System.Globalization;
using Skein.Agent.Permissions;
using Skein.Agent.Settings;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Cli.Composition;

/// <summary>The settings as keys with values, and where each value comes from.</summary>
internal static class SettingValues
{
    // Each with what Skein takes where nothing is said.
    private static readonly (string Key, string? Otherwise)[] s_simple =
    [
        ("model", null), ("mode", Word(PermissionMode.Ask)), ("agent", "skein"), ("effort", null), ("max_cost", null), ("max_steps", Word(TurnLimits.DefaultSteps)), ("titles", "true"),
        ("checkpoints", "true"), ("redaction", "true"), ("retention.days", null), ("retention.sessions", null), ("retention.trash_days", null), ("durability", "durable"),
        ("compress_days", Word(SkeinSettings.UsualCompressDays)), ("silence_seconds", Word(SkeinSettings.UsualSilenceSeconds)), ("call_silence_seconds", Word(SkeinSettings.UsualCallSilenceSeconds)),
    ];

    private static readonly string[] s_several = ["providers", "agents", "permissions", "retention", "sandbox", "fetch", "telemetry", "workspace"];

    // What these begin with is taken from the user's own file alone.
    private static readonly string[] s_usersAlone = ["providers.", "agents.", "retention.", "telemetry.", "redaction", "durability", "compress_days", "silence_seconds", "call_silence_seconds"];

    /// <param name="From">The file that says it; null: nothing does, it is what Skein takes then.</param>
    /// <param name="Ignored">It does not count: its folder is not trusted, or providers are not taken from there.</param>
    internal sealed record Row(string Key, string? Value, string? From, bool Ignored = false);

    /// <summary>Whether there is such a setting, or one of its kind.</summary>
    public static bool IsKnown(string key) => Array.Exists(s_simple, s => s.Key == key) || s_several.Contains(key.Split('.', '[')[0]);

    /// <summary>All that hold in a folder, ignored ones included. A key may stand there twice: where it is ignored, and where it holds.</summary>
    public static async Task<IReadOnlyList<Row>> ReadAsync(HomeSettings settings, string folder, CancellationToken cancellationToken)
    {
        var loaded = await settings.ReadAsync(folder, cancellationToken);
        var ignored = loaded.Ignored.Select(i => i.Key).ToHashSet(StringComparer.Ordinal);
        var rows = new List<Row>();
        foreach (var file in loaded.Files)
        {
            var isProject = file != settings.UserFile;
            foreach (var (key, value) in Flatten(await SettingsFile.ReadAsync(file, cancellationToken) ?? new SkeinSettings()))
            {
                var isIgnored = isProject && (Array.Exists(s_usersAlone, alone => key.StartsWith(alone, StringComparison.Ordinal)) || ignored.Contains(key));
                if (!isIgnored && !key.StartsWith("permissions", StringComparison.Ordinal))
                    rows.RemoveAll(r => r.Key == key && !r.Ignored);
                rows.Add(new Row(key, value, file, isIgnored));
            }
        }

        foreach (var (key, value) in s_simple)
        {
            if (!rows.Exists(r => r.Key == key && !r.Ignored))
                rows.Add(new Row(key, value, null));
        }

        return [.. rows.OrderBy(r => Array.FindIndex(s_simple, s => s.Key == r.Key) is var place and >= 0 ? place : s_simple.Length)];
    }

    private static IEnumerable<(string Key, string Value)> Flatten(SkeinSettings settings)
    {
        if (settings.Model is { } model)
            yield return ("model", model);
        if (settings.Mode is { } mode)
            yield return ("mode", Word(mode));
        if (settings.Agent is { } agent)
            yield return ("agent", agent);
        if (settings.Workspace is { } workspace)
            yield return ("workspace", workspace.Container is { } container ? $"container:{container}" : workspace.Sandbox ? "sandbox" : "host");
        if (settings.Effort is { } effort)
            yield return ("effort", Word(effort));
        if (settings.Limits.MaxCost is { } cost)
            yield return ("max_cost", cost.ToString(CultureInfo.InvariantCulture));
        if (settings.Limits.MaxSteps is { } steps)
            yield return ("max_steps", Word(steps));
        if (settings.Titles is { } titles)
            yield return ("titles", titles.Model ?? Word(titles.Enabled));
        if (settings.Checkpoints is { } checkpoints)
            yield return ("checkpoints", Word(checkpoints));
        if (settings.Redaction is { } redaction)
            yield return ("redaction", Word(redaction));
        foreach (var (name, count) in (IEnumerable<(string, int?)>)[("days", settings.Retention.Days), ("sessions", settings.Retention.Sessions), ("trash_days", settings.Retention.TrashDays)])
        {
            if (count is { } most)
                yield return ($"retention.{name}", Word(most));
        }

        if (settings.Durability is { } durability)
            yield return ("durability", Word(durability));
        if (settings.CompressDays is { } days)
            yield return ("compress_days", Word(days));
        if (settings.SilenceSeconds is { } seconds)
            yield return ("silence_seconds", Word(seconds));
        if (settings.CallSilenceSeconds is { } call)
            yield return ("call_silence_seconds", Word(call));
        if (settings.Sandbox.Enabled is { } enabled)
            yield return ("sandbox.enabled", Word(enabled));
        if (settings.Sandbox.Network is { } network)
            yield return ("sandbox.network", Word(network));
        if (settings.Sandbox.Writable is { Count: > 0 } writable)
            yield return ("sandbox.writable", string.Join(' ', writable));
        if (settings.Sandbox.Home is { Count: > 0 } home)
            yield return ("sandbox.home", string.Join(' ', home));
        if (settings.Fetch.Private is { Count: > 0 } hosts)
            yield return ("fetch.private", string.Join(' ', hosts));
        if (settings.Telemetry is { } telemetry)
        {
            if (telemetry.Endpoint is { } endpoint)
                yield return ("telemetry.endpoint", endpoint.OriginalString);
            yield return ("telemetry.content", Word(telemetry.Content));
        }

        foreach (var driven in settings.Agents.Values.OrderBy(a => a.Name, StringComparer.Ordinal))
            yield return ($"agents.{driven.Name}", string.Join(' ', driven.Command));
        foreach (var provider in settings.Providers.Values.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            var key = $"providers.{provider.Name}";
            yield return ($"{key}.kind", Word(provider.Kind));
            if (provider.BaseUrl is { } url)
                yield return ($"{key}.base_url", url.OriginalString);
            if (provider.ApiKeyEnv is { } variable)
                yield return ($"{key}.api_key_env", variable);
            if (provider.Script is { } script)
                yield return ($"{key}.script", script);
        }

        for (var i = 0; i < settings.Permissions.Count; i++)
            yield return ($"permissions[{i}]", Of(settings.Permissions[i]));
    }

    private static string Of(PermissionRule rule) => $"{Word(rule.Action)} {rule.Tool} {rule.Pattern}";

    private static string Word(bool value) => value ? "true" : "false";

    private static string Word(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
