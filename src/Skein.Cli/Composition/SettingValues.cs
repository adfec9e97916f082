using System.Globalization;
using Skein.Agent.Permissions;
using Skein.Agent.Settings;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Cli.Composition;

/// <summary>The settings as keys with values, and where each value comes from.</summary>
internal static class SettingValues
{
    public static readonly string[] Simple = ["model", "mode", "agent", "effort", "max_cost", "max_steps", "titles", "checkpoints", "durability", "compress_days", "silence_seconds", "call_silence_seconds"];

    /// <param name="From">The file that says it; null: nothing does, it is what Skein takes then.</param>
    /// <param name="Ignored">It does not count: its folder is not trusted, or providers are not taken from there.</param>
    internal sealed record Row(string Key, string? Value, string? From, bool Ignored = false);

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
                var isIgnored = isProject && (key.StartsWith("providers.", StringComparison.Ordinal) || key.StartsWith("agents.", StringComparison.Ordinal) || key is "durability" or "compress_days" or "silence_seconds" or "call_silence_seconds" || ignored.Contains(key));
                if (!isIgnored && !key.StartsWith("permissions", StringComparison.Ordinal))
                    rows.RemoveAll(r => r.Key == key && !r.Ignored);
                rows.Add(new Row(key, value, file, isIgnored));
            }
        }

        foreach (var (key, value) in (ReadOnlySpan<(string, string?)>)[("model", null), ("mode", Word(PermissionMode.Ask)), ("agent", "skein"), ("effort", null), ("max_cost", null), ("max_steps", TurnLimits.DefaultSteps.ToString(CultureInfo.InvariantCulture)), ("titles", "true"), ("checkpoints", "true"), ("durability", "durable"), ("compress_days", SkeinSettings.UsualCompressDays.ToString(CultureInfo.InvariantCulture)), ("silence_seconds", SkeinSettings.UsualSilenceSeconds.ToString(CultureInfo.InvariantCulture)), ("call_silence_seconds", SkeinSettings.UsualCallSilenceSeconds.ToString(CultureInfo.InvariantCulture))])
        {
            if (!rows.Exists(r => r.Key == key && !r.Ignored))
                rows.Add(new Row(key, value, null));
        }

        return [.. rows.OrderBy(r => Array.IndexOf(Simple, r.Key) is var place and >= 0 ? place : Simple.Length)];
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
            yield return ("max_steps", steps.ToString(CultureInfo.InvariantCulture));
        if (settings.Titles is { } titles)
            yield return ("titles", titles.Model ?? (titles.Enabled ? "true" : "false"));
        if (settings.Checkpoints is { } checkpoints)
            yield return ("checkpoints", checkpoints ? "true" : "false");
        if (settings.Durability is { } durability)
            yield return ("durability", Word(durability));
        if (settings.CompressDays is { } days)
            yield return ("compress_days", days.ToString(CultureInfo.InvariantCulture));
        if (settings.SilenceSeconds is { } seconds)
            yield return ("silence_seconds", seconds.ToString(CultureInfo.InvariantCulture));
        if (settings.CallSilenceSeconds is { } call)
            yield return ("call_silence_seconds", call.ToString(CultureInfo.InvariantCulture));
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

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
