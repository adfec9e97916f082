using System.Text.Json.Nodes;

namespace Skein.Cli.Takeover;

/// <summary>Codex's: <c>config.toml</c>, and the prompts and agents beside it.</summary>
internal static class CodexSettings
{
    private static readonly string[] s_taken =
        ["model", "model_provider", "model_providers", "approval_policy", "sandbox_mode", "sandbox_workspace_write", "mcp_servers", "model_reasoning_effort", "projects"];

    private static readonly string[] s_passed = ["notice", "tui", "history", "file_opener", "hide_agent_reasoning", "show_raw_agent_reasoning", "features", "profiles", "otel", "disable_response_storage"];

    public static async Task ReadAsync(ForeignPlace place, Findings found, CancellationToken cancellationToken)
    {
        var folder = place.IsUser && place.Variable("CODEX_HOME") is { Length: > 0 } own ? own : Path.Combine(place.Folder, ".codex");
        if (await ForeignFile.ReadTomlAsync(Path.Combine(folder, "config.toml"), cancellationToken) is { } config)
            Take(config, place, found);
        foreach (var file in place.Markdown(Path.Combine(folder, "prompts")))
            await ForeignDefinition.TakeCommandAsync(file, Path.GetFileName(file), found, cancellationToken);
        if (Directory.Exists(Path.Combine(folder, "agents")))
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "agents"), "*.toml").Order(StringComparer.Ordinal))
                Agent(file, await ForeignFile.ReadTomlAsync(file, cancellationToken), found);
        }

        if (Directory.Exists(Path.Combine(folder, "rules")))
            found.Left.Add($"{place.Shown(Path.Combine(folder, "rules"))}: rules that are programs; write those you need as 'permissions'");
        if (place.IsUser)
        {
            if (File.Exists(Path.Combine(folder, "AGENTS.md")))
                found.Left.Add($"{Path.Combine(folder, "AGENTS.md")}: Skein reads the AGENTS.md beside your own skein.json; copy what is to count here too");
            return;
        }

        foreach (var name in (string[])["AGENTS.md", Path.Combine(".agents", "skills")])
        {
            if (Path.Exists(Path.Combine(place.Folder, name)))
                found.AsIs.Add(name);
        }
    }

    private static void Take(JsonObject config, ForeignPlace place, Findings found)
    {
        if (config.Text("model") is { } model)
            found.Values["model"] = $"{config.Text("model_provider") ?? "openai"}/{model}";
        if (config.Text("model_reasoning_effort") is { } effort)
        {
            if (effort is "none" or "low" or "medium" or "high")
                found.Values["effort"] = effort;
            else
                found.Left.Add($"model_reasoning_effort '{effort}': effort is none, low, medium, high or max");
        }

        Mode(config.Text("sandbox_mode"), config.Text("approval_policy"), found);
        var writing = config.Object("sandbox_workspace_write");
        if (writing.Flag("network_access") == true)
            found.Values["sandbox.network"] = true;
        if (writing.Texts("writable_roots") is { Count: > 0 } roots)
            found.Values["sandbox.writable"] = new JsonArray([.. roots.Select(static r => JsonValue.Create(r))]);

        foreach (var (name, server) in config.Object("mcp_servers") ?? [])
            Server(name, server as JsonObject, found);
        foreach (var (name, provider) in config.Object("model_providers") ?? [])
            Provider(name, provider as JsonObject, place, found);
        if (config.Object("projects") is { Count: > 0 })
            found.Left.Add("projects: which folders you trust is said to each program by itself: skein trust");
        foreach (var (name, _) in config)
        {
            if (!s_taken.Contains(name) && !s_passed.Contains(name))
                found.Left.Add($"{name}: Skein has no such setting");
        }
    }

    // Nothing is made wider than it was: where it asks nobody, Skein goes on to ask.
    private static void Mode(string? sandbox, string? approval, Findings found)
    {
        if (sandbox == "read-only")
            found.Values["mode"] = "plan";
        else if (sandbox == "workspace-write" && approval is null or "on-request" or "on-failure")
            found.Values["mode"] = "edits";
        else if (sandbox == "workspace-write" || (sandbox is null && approval is "untrusted"))
            found.Values["mode"] = "ask";
        if (sandbox == "danger-full-access")
            found.Left.Add("sandbox_mode 'danger-full-access': Skein keeps its sandbox and asks; \"sandbox\": { \"enabled\": false } takes it away");
        if (approval == "never")
            found.Left.Add("approval_policy 'never': say it yourself, as skein run --mode auto, which keeps commands in the sandbox");
    }

    private static void Server(string name, JsonObject? server, Findings found)
    {
        if (server.Flag("enabled") == false)
        {
            found.Left.Add($"the MCP server '{name}': it is turned off");
            return;
        }

        var taken = Findings.ServerOf(server, "http_headers");
        if (server?["tool_timeout_sec"] is JsonValue seconds && double.TryParse(seconds.ToString(), System.Globalization.CultureInfo.InvariantCulture, out var timeout) && timeout is >= 1 and <= 3600)
            taken["timeout_seconds"] = (int)timeout;
        if (server.Text("bearer_token_env_var") is not null)
            found.NeedsKey(name, taken);
        foreach (var odd in (string[])["cwd", "env_vars", "env_http_headers", "enabled_tools", "disabled_tools"])
        {
            if (server?[odd] is not null)
                found.Left.Add($"'{odd}' of the MCP server '{name}': Skein has no such setting");
        }

        found.Server(name, taken, Findings.ShellVariables());
    }

    private static void Provider(string name, JsonObject? provider, ForeignPlace place, Findings found)
    {
        if (!place.IsUser)
            found.Left.Add($"model_providers.{name}: providers count in your own settings alone");
        else if (provider.Text("base_url") is not { } address)
            found.Left.Add($"model_providers.{name}: it has no base_url");
        else
        {
            var taken = new JsonObject { ["kind"] = "openai", ["base_url"] = address, ["api"] = provider.Text("wire_api") == "responses" ? "responses" : "chat" };
            if (provider.Text("env_key") is { } key)
                taken["api_key_env"] = key;
            found.Values[$"providers.{name}"] = taken;
        }
    }

    private static void Agent(string file, JsonObject? agent, Findings found) => ForeignDefinition.TakeAgent(
        agent.Text("name") ?? Path.GetFileNameWithoutExtension(file), agent.Text("description"), agent.Text("developer_instructions"),
        agent.Text("model") is { } model ? $"openai/{model}" : null, agent.Text("sandbox_mode") == "read-only" ? "plan" : null, found);
}
