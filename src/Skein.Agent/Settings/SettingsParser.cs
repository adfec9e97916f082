using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Agent.Permissions;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Settings;

/// <summary>Reads one settings file. Whatever breaks a rule is an error that names file, key, value and rule.</summary>
/// <param name="file">Its path: for errors, and what paths in it are relative to.</param>
internal sealed partial class SettingsParser(string file)
{
    private const string TitlesRule = "must be true, false, or the model that makes them as 'provider/name'";
    private const string CostRule = "must be US dollars, more than 0 and at most 1,000,000";
    private const string SilenceRule = "must be a number of seconds, 0 to 604,800; 0: for ever";
    private const string StepsRule = "must be a number of calls of the model, 1 or more";

    private static readonly JsonDocumentOptions s_json = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    public SkeinSettings Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.Span.StartsWith("\xEF\xBB\xBF"u8) ? json[3..] : json, s_json);
            return Read(new SettingsNode(file, null, document.RootElement));
        }
        catch (JsonException e)
        {
            throw new SettingsException(file, null, $"is not JSON: {e.Message}");
        }
    }

    private SkeinSettings Read(SettingsNode root)
    {
        var settings = new SkeinSettings();
        foreach (var node in root.Properties("model", "mode", "agent", "providers", "permissions", "durability", "redaction", "retention", "compress_days", "agents", "silence_seconds", "call_silence_seconds", "mcp", "hooks", "sandbox", "fetch", "workspace", "max_cost", "max_steps", "titles", "effort", "checkpoints", "telemetry"))
        {
            settings = node.Name switch
            {
                "model" => settings with { Model = node.Text(ModelName(), "must be 'provider/name'") },
                "mode" => settings with
                {
                    Mode = node.OneOf(("plan", PermissionMode.Plan), ("ask", PermissionMode.Ask), ("edits", PermissionMode.Edits), ("auto", PermissionMode.Auto)),
                },
                "agent" => settings with { Agent = node.Text(Name(), "must be a name of a-z, 0-9, '-' and '_'") },
                "durability" => settings with { Durability = node.OneOf(("durable", Durability.Durable), ("relaxed", Durability.Relaxed)) },
                "redaction" => settings with { Redaction = node.Flag() },
                "checkpoints" => settings with { Checkpoints = node.Flag() },
                "retention" => settings with { Retention = ReadRetention(node) },
                "compress_days" => settings with { CompressDays = node.Count("must be a number of days, 0 or more; 0: never") },
                "agents" => settings with { Agents = node.Properties().Select(ReadAgent).ToDictionary(static a => a.Name, StringComparer.Ordinal) },
                "silence_seconds" => settings with { SilenceSeconds = ReadSilence(node) },
                "call_silence_seconds" => settings with { CallSilenceSeconds = ReadSilence(node) },
                "mcp" => settings with { Mcp = McpParser.Read(node) },
                "hooks" => settings with { Hooks = HookParser.Read(node) },
                "sandbox" => settings with { Sandbox = ReadSandbox(node) },
                "max_cost" => settings with { Limits = settings.Limits with { MaxCost = node.Amount(CostRule) is var most and > 0 ? most : throw node.Wrong(CostRule) } },
                "max_steps" => settings with { Limits = settings.Limits with { MaxSteps = node.Count(StepsRule) is var most and > 0 ? most : throw node.Wrong(StepsRule) } },
                "titles" => settings with { Titles = ReadTitles(node) },
                "fetch" => settings with { Fetch = ReadFetch(node) },
                "workspace" => settings with { Workspace = ReadWorkspace(node) },
                "effort" => settings with { Effort = node.OneOf(("none", Effort.None), ("low", Effort.Low), ("medium", Effort.Medium), ("high", Effort.High), ("max", Effort.Max)) },
                "telemetry" => settings with { Telemetry = ReadTelemetry(node) },
                "providers" => settings with { Providers = node.Properties().Select(ReadProvider).ToDictionary(static p => p.Name) },
                _ => settings with { Permissions = [.. node.Items().Select(ReadRule)] },
            };
        }

        return settings;
    }

    private static int? ReadSilence(SettingsNode node) => node.Count(SilenceRule) is var longest and not > 604_800 ? longest : throw node.Wrong(SilenceRule);

    private static AgentSettings ReadAgent(SettingsNode node)
    {
        var agent = new AgentSettings(Name().IsMatch(node.Name) ? node.Name : throw node.Broken("a name has a-z, 0-9, '-' and '_'"), [], []);
        foreach (var property in node.Properties("command", "environment"))
        {
            IReadOnlyList<string> texts = [.. property.Items().Select(static i => i.Text())];
            agent = property.Name == "command" ? agent with { Command = texts } : agent with { Environment = texts };
        }

        return agent.Command.Count > 0 ? agent : throw node.Broken("needs a 'command': the program and its arguments");
    }

    private static TitleSettings ReadTitles(SettingsNode node) => node.Value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => new TitleSettings(node.Flag()),
        JsonValueKind.String => new TitleSettings(true, node.Text(ModelName(), TitlesRule)),
        _ => throw node.Wrong(TitlesRule),
    };

    private static RetentionSettings ReadRetention(SettingsNode node)
    {
        var retention = new RetentionSettings();
        foreach (var property in node.Properties("days", "sessions", "trash_days"))
        {
            retention = property.Name switch
            {
                "days" => retention with { Days = property.Count("must be a number of days, 0 or more, or null") },
                "sessions" => retention with { Sessions = property.Count("must be a number of sessions, 0 or more, or null") },
                _ => retention with { TrashDays = property.Count("must be a number of days, 0 or more, or null") },
            };
        }

        return retention;
    }

    private static SandboxSettings ReadSandbox(SettingsNode node)
    {
        var sandbox = new SandboxSettings();
        foreach (var property in node.Properties("enabled", "network", "writable", "home"))
        {
            sandbox = property.Name switch
            {
                "enabled" => sandbox with { Enabled = property.Flag() },
                "network" => sandbox with { Network = property.Flag() },
                "writable" => sandbox with { Writable = [.. property.Items().Select(static i => i.Text(AnyPath(), "must be an absolute path or begin with '~/', without '..'"))] },
                _ => sandbox with { Home = [.. property.Items().Select(static i => i.Text(PathInHome(), "must be a path in the home folder, relative to it, without '..'"))] },
            };
        }

        return sandbox;
    }

    private static WorkspaceSettings ReadWorkspace(SettingsNode node) =>
        node.Text(Workspace(), "must be 'host', 'sandbox', or 'container:' and the container's name") switch
        {
            "host" => new WorkspaceSettings(),
            "sandbox" => new WorkspaceSettings(Sandbox: true),
            var text => new WorkspaceSettings(text[(text.IndexOf(':') + 1)..]),
        };

    private static TelemetrySettings ReadTelemetry(SettingsNode node)
    {
        var telemetry = new TelemetrySettings();
        foreach (var property in node.Properties("endpoint", "content"))
            telemetry = property.Name == "content" ? telemetry with { Content = property.Flag() } : telemetry with { Endpoint = ReadUrl(property) };
        return telemetry;
    }

    private static FetchSettings ReadFetch(SettingsNode node) => new(
        [.. node.Properties("private").SelectMany(static p => p.Items()).Select(static i => i.Text(HostPattern(), "must be a host, or host:port, in which '*' stands for any characters"))]);

    private ProviderSettings ReadProvider(SettingsNode node)
    {
        if (!Name().IsMatch(node.Name))
            throw node.Broken("must have a name of a-z, 0-9, '-' and '_'");

        if (node.Find("api_key") is { } key)
            throw key.Broken("must not stand in a file: name the environment variable that holds the key in 'api_key_env', or the program that tells it in 'key_command'");

        ProviderKind? kind = ProviderConfiguration.Usual.TryGetValue(node.Name, out var usual) ? usual : null;
        Uri? baseUrl = null;
        string? apiKeyEnv = null;
        IReadOnlyList<string> keyCommand = [];
        OpenAiApi? api = null;
        IReadOnlyDictionary<string, string> headers = ReadOnlyDictionary<string, string>.Empty;
        ToolCalling? tools = null;
        string? script = null;
        IReadOnlyDictionary<string, ModelFacts> models = ReadOnlyDictionary<string, ModelFacts>.Empty;
        foreach (var property in node.Properties("kind", "base_url", "api_key_env", "key_command", "api", "headers", "tools", "script", "models"))
        {
            switch (property.Name)
            {
                case "kind":
                    kind = property.OneOf(("openai", ProviderKind.OpenAi), ("anthropic", ProviderKind.Anthropic), ("ollama", ProviderKind.Ollama), ("scripted", ProviderKind.Scripted));
                    break;
                case "api":
                    api = property.OneOf(("chat", OpenAiApi.Chat), ("responses", OpenAiApi.Responses));
                    break;
                case "headers":
                    headers = property.Properties().ToDictionary(static h => h.Name, ReadHeader, StringComparer.OrdinalIgnoreCase);
                    break;
                case "tools":
                    tools = ModelSettings.ReadTools(property);
                    break;
                case "base_url":
                    baseUrl = ReadUrl(property);
                    break;
                case "api_key_env":
                    // Not shown: somebody may have put the key itself there.
                    apiKeyEnv = VariableName().IsMatch(property.Text()) ? property.Text() : throw property.Broken("must be the name of an environment variable (A-Z, a-z, 0-9, '_'), not the key itself");
                    break;
                case "key_command":
                    keyCommand = [.. property.Items().Select(static i => i.Text())];
                    if (keyCommand.Count == 0 || keyCommand[0].Length == 0)
                        throw property.Broken("must be a program and its arguments, as [\"pass\", \"show\", \"work\"]");
                    break;
                case "models":
                    models = property.Properties().ToDictionary(m => m.Name, ModelSettings.Read, StringComparer.Ordinal);
                    break;
                default:
                    script = Path.GetFullPath(property.Text(), Path.GetDirectoryName(file)!);
                    break;
            }
        }

        if (kind is null)
            throw node.Broken("needs 'kind': openai, anthropic, ollama or scripted");

        if (keyCommand.Count > 0 && kind == ProviderKind.Scripted)
            throw node.Broken("has a 'key_command', and 'scripted' needs no key");

        if (api is not null && kind != ProviderKind.OpenAi)
            throw node.Broken("has an 'api', which is for the kind 'openai'");

        if (script is not null && kind != ProviderKind.Scripted)
            throw node.Broken("has a 'script', which is for the kind 'scripted'");

        if (script is null && kind == ProviderKind.Scripted)
            throw node.Broken("needs a 'script': the file that it plays");
        return new ProviderSettings(node.Name, kind.Value, baseUrl, apiKeyEnv, script) { KeyCommand = keyCommand, Api = api, Headers = headers, Tools = tools, Models = models };
    }

    // Not shown: it may be what must not stand here.
    private static string ReadHeader(SettingsNode node) =>
        !HeaderName().IsMatch(node.Name) ? throw node.Broken("must be the name of a header (A-Z, a-z, 0-9, '-'), and none that carries a key: that is named in 'api_key_env'")
        : node.Text() is var value && value.AsSpan().ContainsAnyExceptInRange(' ', '~') ? throw node.Broken("must be printable ASCII characters in one line")
        : value;

    private static Uri ReadUrl(SettingsNode node)
    {
        const string rule = "must be an http or https URL without user, password, query and fragment";
        if (!Uri.TryCreate(node.Text(), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw node.Wrong(rule);

        // Not shown: what is too much in it may be a secret.
        return url.UserInfo.Length + url.Query.Length + url.Fragment.Length == 0 ? url : throw node.Broken(rule);
    }

    private static PermissionRule ReadRule(SettingsNode node)
    {
        var tool = "*";
        var pattern = "*";
        RuleAction? action = null;
        foreach (var property in node.Properties("tool", "pattern", "action"))
        {
            switch (property.Name)
            {
                case "tool":
                    tool = property.Text(ToolName(), "must be a tool's name, in which '*' stands for any characters");
                    break;
                case "pattern":
                    pattern = property.Text() is { Length: > 0 } text ? text : throw property.Broken("must not be empty; '*' is everything");
                    break;
                default:
                    action = property.OneOf(("allow", RuleAction.Allow), ("ask", RuleAction.Ask), ("deny", RuleAction.Deny));
                    break;
            }
        }

        return new PermissionRule(tool, pattern, action ?? throw node.Broken("needs 'action': allow, ask or deny"));
    }

    [GeneratedRegex(@"\A[^\s/]+/\S+\z")]
    private static partial Regex ModelName();

    [GeneratedRegex(@"\A(~/|/)(?!\z)(?!(.*/)?\.\.(/|\z)).*\z", RegexOptions.Singleline)]
    private static partial Regex AnyPath();

    [GeneratedRegex(@"\A(?!/)(?!(.*/)?\.\.?(/|\z)).+\z", RegexOptions.Singleline)]
    private static partial Regex PathInHome();

    [GeneratedRegex(@"\A[A-Za-z0-9.:*-]{1,253}\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,63}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[A-Za-z0-9_.*-]{1,128}\z")]
    private static partial Regex ToolName();

    [GeneratedRegex(@"\A(?!(authorization|proxy-authorization|x-api-key|api-key|cookie)\z)[A-Za-z0-9-]{1,64}\z", RegexOptions.IgnoreCase)]
    private static partial Regex HeaderName();

    // What docker and podman take for a name.
    [GeneratedRegex(@"\A(host|sandbox|container:[A-Za-z0-9][A-Za-z0-9_.-]{0,127})\z")]
    private static partial Regex Workspace();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
    private static partial Regex VariableName();
}
