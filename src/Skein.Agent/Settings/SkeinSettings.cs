using System.Collections.ObjectModel;
using Skein.Agent.Hooks;
using Skein.Agent.Mcp;
using Skein.Agent.Permissions;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Settings;

/// <summary>A provider of models.</summary>
/// <param name="Name">What stands before the '/' of a model.</param>
/// <param name="BaseUrl">Null: the provider's own.</param>
/// <param name="ApiKeyEnv">The environment variable that holds the key; null: the kind's own.</param>
/// <param name="Script">For <see cref="ProviderKind.Scripted"/>: the file it plays, absolute.</param>
public sealed record ProviderSettings(
    string Name, ProviderKind Kind, Uri? BaseUrl = null, string? ApiKeyEnv = null, string? Script = null)
{
    /// <summary>For <see cref="ProviderKind.OpenAi"/>; null: what is usual at its address.</summary>
    public OpenAiApi? Api { get; init; }

    /// <summary>Sent with every call.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The program that tells its key, with its arguments; empty: none does.</summary>
    public IReadOnlyList<string> KeyCommand { get; init; } = [];

    /// <summary>How its models call tools; null: as is known of them.</summary>
    public ToolCalling? Tools { get; init; }

    /// <summary>What its models can hold and cost, by name; over what is known of them.</summary>
    public IReadOnlyDictionary<string, ModelFacts> Models { get; init; } = ReadOnlyDictionary<string, ModelFacts>.Empty;
}

/// <summary>How much an acknowledged append has survived.</summary>
public enum Durability
{
    /// <summary>It is on the disk.</summary>
    Durable,

    /// <summary>The system has it; a power loss may take it.</summary>
    Relaxed,
}

/// <summary>How long sessions are kept; null: for ever.</summary>
/// <param name="Days">Those that did not change for longer go to the trash.</param>
/// <param name="Sessions">So many stay.</param>
/// <param name="TrashDays">Those that are in the trash for longer are purged.</param>
public sealed record RetentionSettings(int? Days = null, int? Sessions = null, int? TrashDays = null);

/// <summary>How commands are confined; null: nothing was said.</summary>
/// <param name="Enabled">Whether they are.</param>
/// <param name="Network">Whether they have the network all the same.</param>
public sealed record SandboxSettings(bool? Enabled = null, bool? Network = null)
{
    /// <summary>Other folders and files they may write to: absolute, or <c>~/…</c>.</summary>
    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>What of the user's home they may read, relative to it.</summary>
    public IReadOnlyList<string> Home { get; init; } = [];

    /// <summary>What a trusted project says over this.</summary>
    internal SandboxSettings With(SandboxSettings project) => new(project.Enabled ?? Enabled, project.Network ?? Network)
    {
        Writable = [.. Writable, .. project.Writable],
        Home = [.. Home, .. project.Home],
    };

    /// <summary>What of a project's word counts that nobody trusts: it closes, and opens nothing.</summary>
    internal SandboxSettings Narrow(SandboxSettings project) => this with
    {
        Enabled = project.Enabled == true ? true : Enabled,
        Network = project.Network == false ? false : Network,
    };
}

/// <summary>An agent of the user that is driven by the Agent Client Protocol.</summary>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Environment">Variables that it sees beside those that tools see.</param>
public sealed record AgentSettings(string Name, IReadOnlyList<string> Command, IReadOnlyList<string> Environment);

/// <param name="Private">Hosts that may be fetched from though they are not on the public internet: <c>name</c> or <c>name:port</c>.</param>
public sealed record FetchSettings(IReadOnlyList<string> Private);

/// <summary>Where driven agents are run.</summary>
/// <param name="Container">The name of a container; null: here.</param>
/// <param name="Sandbox">In the sandbox of commands.</param>
public sealed record WorkspaceSettings(string? Container = null, bool Sandbox = false);

/// <param name="Endpoint">Where traces and metrics go by OTLP; null: nowhere, unless the environment says it.</param>
/// <param name="Content">Whether they hold prompts, answers and the arguments of tools.</param>
public sealed record TelemetrySettings(Uri? Endpoint = null, bool Content = false);

/// <summary>Settings as they are after all files were read; null: nothing was said.</summary>
/// <param name="Model"><c>provider/name</c>.</param>
/// <param name="Mode">The mode of new sessions.</param>
/// <param name="Agent">The agent of new sessions.</param>
/// <param name="Redaction">Whether secrets are taken out of what tools print and are given; the user's word alone.</param>
public sealed record SkeinSettings(
    string? Model = null, PermissionMode? Mode = null, string? Agent = null, Durability? Durability = null, bool? Redaction = null)
{
    public const int UsualCompressDays = 30;
    public const int UsualSilenceSeconds = 600;
    public const int UsualCallSilenceSeconds = 7200;

    /// <summary>Whether the files of a workspace are snapshotted while an agent works; null: they are.</summary>
    public bool? Checkpoints { get; init; }

    /// <summary>The user's word alone.</summary>
    public RetentionSettings Retention { get; init; } = new();

    /// <summary>After how many days without a change a session's log is compressed; 0: never. The user's word alone.</summary>
    public int? CompressDays { get; init; }

    public SandboxSettings Sandbox { get; init; } = new();

    /// <summary>The user's word alone.</summary>
    public TelemetrySettings? Telemetry { get; init; }

    /// <summary>What ends a turn.</summary>
    public TurnLimits Limits { get; init; } = TurnLimits.None;

    /// <summary>How much models are to think; null: as much as they do by themselves.</summary>
    public Effort? Effort { get; init; }

    /// <summary>Who names sessions; null: nothing was said.</summary>
    public TitleSettings? Titles { get; init; }

    public FetchSettings Fetch { get; init; } = new([]);

    /// <summary>Where driven agents work; null: nothing was said.</summary>
    public WorkspaceSettings? Workspace { get; init; }

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ProviderSettings> Providers { get; init; } = new Dictionary<string, ProviderSettings>();

    /// <summary>Agents that are driven, by name; the user's word alone.</summary>
    public IReadOnlyDictionary<string, AgentSettings> Agents { get; init; } = new Dictionary<string, AgentSettings>();

    /// <summary>How long a driven agent may say nothing in the middle of a turn; 0: for ever. The user's word alone.</summary>
    public int? SilenceSeconds { get; init; }

    /// <summary>The same while a call of a tool of its is open, which takes as long as it takes.</summary>
    public int? CallSilenceSeconds { get; init; }

    /// <summary>MCP servers by name.</summary>
    public IReadOnlyDictionary<string, McpServer> Mcp { get; init; } = new Dictionary<string, McpServer>();

    /// <summary>The user's, then a trusted folder's, in the order they are run.</summary>
    public IReadOnlyList<Hook> Hooks { get; init; } = [];

    /// <summary>The user's rules, then a trusted folder's: the last that matches holds.</summary>
    public IReadOnlyList<PermissionRule> Permissions { get; init; } = [];

    /// <summary>Rules of a folder that is not trusted: they only add questions and refusals.</summary>
    public IReadOnlyList<PermissionRule> Narrowing { get; init; } = [];

    /// <summary>What a trusted project says over this.</summary>
    internal SkeinSettings With(SkeinSettings project) => new(
        project.Model ?? Model, project.Mode ?? Mode, project.Agent ?? Agent, project.Durability ?? Durability, Redaction)
    {
        Providers = new Dictionary<string, ProviderSettings>([.. Providers.Where(p => !project.Providers.ContainsKey(p.Key)), .. project.Providers]),
        Agents = Agents,
        Checkpoints = project.Checkpoints ?? Checkpoints,
        Mcp = new Dictionary<string, McpServer>([.. Mcp.Where(s => !project.Mcp.ContainsKey(s.Key)), .. project.Mcp]),
        Permissions = [.. Permissions, .. project.Permissions],
        Narrowing = Narrowing,
        Hooks = [.. Hooks, .. project.Hooks],
        Sandbox = Sandbox.With(project.Sandbox),
        Limits = project.Limits.Over(Limits),
        Titles = project.Titles ?? Titles,
        Fetch = new FetchSettings([.. Fetch.Private, .. project.Fetch.Private]),
        Effort = project.Effort ?? Effort,
        Workspace = project.Workspace ?? Workspace,
        Retention = Retention,
        Telemetry = Telemetry,
        CompressDays = CompressDays,
        SilenceSeconds = SilenceSeconds,
        CallSilenceSeconds = CallSilenceSeconds,
    };
}

/// <param name="Files">The files that were read, the user's first.</param>
/// <param name="Ignored">What the project's file says and may not, since its folder is not trusted; to be said once.</param>
public sealed record LoadedSettings(SkeinSettings Settings, IReadOnlyList<string> Files, IReadOnlyList<IgnoredSetting> Ignored)
{
    /// <summary>What the project's file says and no project may, trusted or not.</summary>
    public IReadOnlyList<IgnoredSetting> UsersAlone { get; init; } = [];
}

/// <param name="Key">For example <c>providers.local</c> or <c>permissions[2]</c>.</param>
public sealed record IgnoredSetting(string File, string Key)
{
    public override string ToString() => $"{File}: {Key}";
}

/// <summary>A settings file breaks a rule.</summary>
/// <param name="key">For example <c>providers.local.kind</c>; null: the file as a whole.</param>
public sealed class SettingsException(string file, string? key, string rule)
    : SkeinException("settings", key is null ? $"{file}: {rule}" : $"{file}: '{key}' {rule}")
{
    public string File { get; } = file;
    public string? Key { get; } = key;
}
