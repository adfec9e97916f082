using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Skein.Cli.Takeover;

/// <summary>OpenCode's: <c>opencode.json</c> or <c>.jsonc</c>, and the folders of its definitions.</summary>
internal static partial class OpenCodeSettings
{
    private static readonly string[] s_taken = ["$schema", "model", "small_model", "mcp", "permission", "agent", "command", "instructions", "provider", "tools"];
    private static readonly string[] s_passed = ["theme", "keybinds", "tui", "share", "autoupdate", "username", "layout"];

    // What a name there is here; both lists of tools are about the same things.
    private static readonly Dictionary<string, string[]> s_tools = new(StringComparer.Ordinal)
    {
        ["*"] = ["*"], ["bash"] = ["bash"], ["read"] = ["read"], ["edit"] = ["edit", "write"], ["write"] = ["edit", "write"], ["patch"] = ["edit", "write"],
        ["glob"] = ["glob"], ["grep"] = ["grep"], ["list"] = ["list"], ["webfetch"] = ["fetch"], ["task"] = ["task"], ["skill"] = ["skill"],
    };

    private static readonly string[] s_builtIn = ["build", "plan", "general", "explore", "title", "summary", "compaction"];

    public static async Task ReadAsync(ForeignPlace place, Findings found, CancellationToken cancellationToken)
    {
        var folder = place.IsUser
            ? Path.Combine(place.Variable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(place.Folder, ".config"), "opencode")
            : place.Folder;
        foreach (var name in (string[])["opencode.json", "opencode.jsonc"])
        {
            if (await ForeignFile.ReadJsonAsync(Path.Combine(folder, name), cancellationToken) is { } settings)
                await TakeAsync(settings, folder, place, found, cancellationToken);
        }

        var definitions = place.IsUser ? folder : Path.Combine(folder, ".opencode");
        foreach (var kind in (string[])["command", "commands"])
        {
            var commands = Path.Combine(definitions, kind);
            foreach (var file in place.Markdown(commands))
                await ForeignDefinition.TakeCommandAsync(file, Path.GetRelativePath(commands, file).Replace('\\', '/'), found, cancellationToken);
        }

        foreach (var file in place.Markdown(Path.Combine(definitions, "agent"), Path.Combine(definitions, "agents")))
        {
            var (fields, body) = ForeignDefinition.Split(await ForeignFile.ReadTextAsync(file, cancellationToken) ?? "");
            Agent(Path.GetFileNameWithoutExtension(file), fields.GetValueOrDefault("description"), body, fields.GetValueOrDefault("model"), null, found);
            if (fields.Keys.Intersect(["tools", "permission"]).Any() || body.Length == 0)
                found.Left.Add($"'tools' and 'permission' of the agent '{Path.GetFileNameWithoutExtension(file)}': name its tools in its file (docs/agents.md)");
        }

        foreach (var kind in (string[])["skill", "skills", "plugin", "plugins", "tool", "tools"])
        {
            if (Directory.Exists(Path.Combine(definitions, kind)))
                found.Left.Add($"{place.Shown(Path.Combine(definitions, kind))}: {(kind.StartsWith("skill", StringComparison.Ordinal) ? "move it to .agents/skills, where both read it" : "these are programs for OpenCode alone")}");
        }

        foreach (var name in (string[])["AGENTS.md", Path.Combine(".agents", "skills"), Path.Combine(".claude", "skills")])
        {
            if (!place.IsUser && Path.Exists(Path.Combine(place.Folder, name)))
                found.AsIs.Add(name);
        }
    }

    private static async Task TakeAsync(JsonObject settings, string folder, ForeignPlace place, Findings found, CancellationToken cancellationToken)
    {
        if (settings.Text("model") is { } model)
            found.Values["model"] = model;
        if (settings.Text("small_model") is { } small)
            found.Values["titles"] = small;
        foreach (var (name, server) in settings.Object("mcp") ?? [])
            Server(name, server as JsonObject, found);
        if (settings["permission"] is JsonValue all && all.TryGetValue<string>(out var action))
            Rule("*", null, action, found);
        foreach (var (tool, rule) in settings.Object("permission") ?? [])
            Rules(tool, rule, found);
        foreach (var (tool, _) in (settings.Object("tools") ?? []).Where(static t => t.Value is JsonValue on && on.TryGetValue<bool>(out var flag) && !flag))
            Rule(tool, null, "deny", found);
        foreach (var (name, node) in settings.Object("agent") ?? [])
        {
            var agent = node as JsonObject;
            if (agent.Flag("disable") != true)
                Agent(name, agent.Text("description"), await PromptAsync(agent.Text("prompt"), folder, cancellationToken), agent.Text("model"), agent.Object("permission").Text("edit") == "deny" ? "plan" : null, found);
        }

        foreach (var (name, node) in settings.Object("command") ?? [])
        {
            var command = node as JsonObject;
            ForeignDefinition.TakeCommand(name, command.Text("description"), null, command.Text("agent") is { } agent && !s_builtIn.Contains(agent) ? agent : null, command.Text("model"), command.Text("template") ?? "", found);
        }

        foreach (var name in settings.Texts("instructions").Where(static i => i is not ("AGENTS.md" or "./AGENTS.md")))
            found.Left.Add($"instructions '{name}': name it in AGENTS.md, for agents to read");
        foreach (var (name, provider) in settings.Object("provider") ?? [])
            Provider(name, provider as JsonObject, place, found);
        foreach (var (name, _) in settings)
        {
            if (!s_taken.Contains(name) && !s_passed.Contains(name))
                found.Left.Add($"{name}: Skein has no such setting");
        }
    }

    private static void Rules(string tool, JsonNode? rule, Findings found)
    {
        if (rule is JsonValue value && value.TryGetValue<string>(out var action))
            Rule(tool, null, action, found);
        foreach (var (pattern, each) in rule as JsonObject ?? [])
            Rule(tool, pattern, each?.ToString() ?? "", found);
    }

    private static void Rule(string tool, string? pattern, string action, Findings found)
    {
        var said = $"permission '{tool}{(pattern is null ? "" : " " + pattern)}'";
        if (action is not ("allow" or "ask" or "deny"))
            found.Left.Add($"{said}: it must be allow, ask or deny, not '{action}'");
        else if (s_tools.TryGetValue(tool, out var ours))
        {
            foreach (var name in ours)
                found.Rule(name == "*" ? null : name, pattern is null || name is "bash" or "fetch" ? pattern : PathOf(pattern), action);
        }
        else if (tool.Contains('_', StringComparison.Ordinal) && !tool.EndsWith("_directory", StringComparison.Ordinal) && tool != "doom_loop")
            found.Rule("mcp__" + tool.Replace("_", "__", StringComparison.Ordinal), pattern, action);
        else
            found.Left.Add($"{said}: Skein has no tool '{tool}'{(tool == "external_directory" ? "; what is outside of the folder is asked about" : "")}");
    }

    // There '*' stands for folders too.
    private static string PathOf(string pattern) =>
        pattern == "*" ? pattern
        : pattern.EndsWith("/*", StringComparison.Ordinal) ? pattern[..^1]
        : pattern.StartsWith('*') && !pattern.Contains('/', StringComparison.Ordinal) ? "**/" + pattern
        : pattern;

    private static void Agent(string name, string? description, string? prompt, string? model, string? mode, Findings found)
    {
        if (s_builtIn.Contains(name))
            found.Left.Add($"the agent '{name}': it changes one of OpenCode's own");
        else
            ForeignDefinition.TakeAgent(name, description, prompt, model, mode, found);
    }

    // A prompt may be a file's; only one below the settings is read.
    private static async Task<string?> PromptAsync(string? prompt, string folder, CancellationToken cancellationToken)
    {
        if (prompt is null || FileReference().Match(prompt) is not { Success: true } reference)
            return prompt;
        var path = Path.GetFullPath(reference.Groups[1].Value, folder);
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? await ForeignFile.ReadTextAsync(path, cancellationToken) : null;
    }

    private static void Server(string name, JsonObject? server, Findings found)
    {
        if (server.Flag("enabled") == false)
        {
            found.Left.Add($"the MCP server '{name}': it is turned off");
            return;
        }

        var taken = new JsonObject();
        if (server.Texts("command") is { Count: > 0 } command)
            taken["command"] = new JsonArray([.. command.Select(static c => JsonValue.Create(c))]);
        if (server.Map("environment") is { } environment)
            taken["environment"] = environment;
        if (server.Text("url") is { } url)
            taken["url"] = url;
        if (server.Map("headers") is { } headers)
            taken["headers"] = headers;
        if (server.Object("oauth") is not null && taken["url"] is not null)
            found.NeedsKey(name, taken);
        found.Server(name, taken, Variables());
    }

    private static void Provider(string name, JsonObject? provider, ForeignPlace place, Findings found)
    {
        if (!place.IsUser)
            found.Left.Add($"provider.{name}: providers count in your own settings alone");
        else if (provider.Object("options").Text("baseURL") is not { } address || Variables().IsMatch(address))
            found.Left.Add($"provider.{name}: it has no baseURL that stands there");
        else
            found.Values[$"providers.{name}"] = new JsonObject { ["kind"] = provider.Text("npm")?.Contains("anthropic", StringComparison.Ordinal) == true ? "anthropic" : "openai", ["base_url"] = address };
    }

    [GeneratedRegex(@"\{(env|file):")]
    private static partial Regex Variables();

    [GeneratedRegex(@"\A\{file:([^}]+)\}\s*\z")]
    private static partial Regex FileReference();
}
