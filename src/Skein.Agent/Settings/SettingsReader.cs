using Skein.Agent.Permissions;
using Skein.Core.Events;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>
/// Reads the user's settings and, over them, the project's. Until the project's folder is trusted its file may only narrow: questions,
/// refusals and the mode <c>plan</c> count, everything else is told as ignored. Redaction is the user's word alone.
/// </summary>
/// <param name="userFile">The user's file; it need not exist.</param>
public sealed class SettingsReader(string userFile, TrustedFolders trusted)
{
    private const string FileName = "skein.json";
    private const long MostBytes = 1 << 20;

    /// <summary>Where the user's file is: <c>SKEIN_CONFIG</c>, else <c>skein/skein.json</c> in <c>XDG_CONFIG_HOME</c> or <c>~/.config</c>.</summary>
    public static string UserFile(IReadOnlyDictionary<string, string> environment, string userHome)
    {
        if (environment.GetValueOrDefault("SKEIN_CONFIG") is { Length: > 0 } given)
            return Path.GetFullPath(given);

        // A relative path there is to be ignored, says the XDG specification.
        var folder = environment.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(userHome, ".config");
        return Path.Combine(folder, "skein", FileName);
    }

    /// <summary>The settings for work in a folder.</summary>
    /// <param name="workspace">Null: the user's alone.</param>
    /// <exception cref="SettingsException">A file cannot be read or breaks a rule.</exception>
    /// <exception cref="Skein.Core.DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<LoadedSettings> ReadAsync(string? workspace, CancellationToken cancellationToken)
    {
        var user = await ReadFileAsync(userFile, cancellationToken);
        var files = user is null ? new List<string>() : [userFile];
        var settings = user ?? new SkeinSettings();
        if (workspace is null || FindProjectFile(workspace) is not { } path || await ReadFileAsync(path, cancellationToken) is not { } project)
            return new LoadedSettings(settings, files, []);

        files.Add(path);
        var isTrusted = await trusted.IsTrustedAsync(Path.GetDirectoryName(path)!, cancellationToken);
        var loaded = isTrusted
            ? new LoadedSettings(settings.With(project), files, [])
            : new LoadedSettings(Narrow(settings, project), files, [.. Widening(path, project, settings)]);
        string?[] alone = [project.Redaction is null ? null : "redaction", project.Telemetry is null ? null : "telemetry"];
        // One server serves every folder; where it sends keys and prompts to is the user's own word alone.
        var providers = isTrusted ? project.Providers.Keys.Order(StringComparer.Ordinal).Select(static name => $"providers.{name}") : [];
        return loaded with { UsersAlone = [.. alone.OfType<string>().Concat(providers).Select(key => new IgnoredSetting(path, key))] };
    }

    /// <summary>The nearest file from the workspace up to the root of its repository; outside of one only its own.</summary>
    private string? FindProjectFile(string workspace)
    {
        var real = RealPath.Of(workspace);
        string? nearest = null;
        for (var folder = real; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var path = Path.Combine(folder, FileName);
            if (nearest is null && Path.Exists(path) && RealPath.Of(path) != RealPath.Of(userFile))
                nearest = path;

            if (Path.Exists(Path.Combine(folder, ".git")))
                return nearest;
        }

        var own = Path.Combine(real, FileName);
        return nearest == own ? own : null;
    }

    private static SkeinSettings Narrow(SkeinSettings user, SkeinSettings project) => user with
    {
        Mode = project.Mode == PermissionMode.Plan ? PermissionMode.Plan : user.Mode,
        Sandbox = user.Sandbox.Narrow(project.Sandbox),
        Limits = user.Limits.Narrow(project.Limits),
        Titles = project.Titles is { Enabled: false } off ? off : user.Titles,
        Narrowing = [.. project.Permissions.Where(static rule => rule.Action != RuleAction.Allow)],
    };

    private static IEnumerable<IgnoredSetting> Widening(string file, SkeinSettings project, SkeinSettings user)
    {
        if (project.Model is not null)
            yield return new IgnoredSetting(file, "model");
        if (project.Mode is not null and not PermissionMode.Plan)
            yield return new IgnoredSetting(file, "mode");
        if (project.Agent is not null)
            yield return new IgnoredSetting(file, "agent");
        if (project.Durability is not null)
            yield return new IgnoredSetting(file, "durability");
        if (project.Retention != new RetentionSettings())
            yield return new IgnoredSetting(file, "retention");
        if (project.CompressDays is not null)
            yield return new IgnoredSetting(file, "compress_days");
        if (project.SilenceSeconds is not null)
            yield return new IgnoredSetting(file, "silence_seconds");
        if (project.CallSilenceSeconds is not null)
            yield return new IgnoredSetting(file, "call_silence_seconds");
        var limits = user.Limits.Narrow(project.Limits);
        if (project.Limits.MaxCost is { } cost && cost != limits.MaxCost)
            yield return new IgnoredSetting(file, "max_cost");
        if (project.Limits.MaxSteps is { } steps && steps != limits.MaxSteps)
            yield return new IgnoredSetting(file, "max_steps");
        if (project.Workspace is not null)
            yield return new IgnoredSetting(file, "workspace");
        if (project.Effort is not null)
            yield return new IgnoredSetting(file, "effort");
        if (project.Checkpoints is not null)
            yield return new IgnoredSetting(file, "checkpoints");
        if (project.Titles is { Enabled: true })
            yield return new IgnoredSetting(file, "titles");
        if (project.Sandbox.Enabled == false)
            yield return new IgnoredSetting(file, "sandbox.enabled");
        if (project.Sandbox.Network == true)
            yield return new IgnoredSetting(file, "sandbox.network");
        if (project.Sandbox.Writable.Count > 0)
            yield return new IgnoredSetting(file, "sandbox.writable");
        if (project.Sandbox.Home.Count > 0)
            yield return new IgnoredSetting(file, "sandbox.home");
        if (project.Fetch.Private.Count > 0)
            yield return new IgnoredSetting(file, "fetch.private");
        foreach (var provider in project.Providers.Keys.Order(StringComparer.Ordinal))
            yield return new IgnoredSetting(file, $"providers.{provider}");
        foreach (var agent in project.Agents.Keys.Order(StringComparer.Ordinal))
            yield return new IgnoredSetting(file, $"agents.{agent}");
        foreach (var server in project.Mcp.Keys.Order(StringComparer.Ordinal))
            yield return new IgnoredSetting(file, $"mcp.{server}");
        for (var i = 0; i < project.Hooks.Count; i++)
            yield return new IgnoredSetting(file, $"hooks[{i}]");
        for (var i = 0; i < project.Permissions.Count; i++)
        {
            if (project.Permissions[i].Action == RuleAction.Allow)
                yield return new IgnoredSetting(file, $"permissions[{i}]");
        }
    }

    internal static async Task<SkeinSettings?> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        if (!Path.Exists(path))
            return null;

        try
        {
            // What the system says is empty could be a pipe, which would never end.
            var length = RealPath.FileAt(path).Length;
            if (length is 0 or > MostBytes)
                throw new SettingsException(path, null, $"must be a file of 1 to {MostBytes} bytes, not {length}.");

            return new SettingsParser(path).Parse(await File.ReadAllBytesAsync(path, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, null, $"cannot be read: {e.Message}");
        }
    }
}
