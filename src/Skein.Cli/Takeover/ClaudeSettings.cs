using System.Text.Json.Nodes;

namespace Skein.Cli.Takeover;

/// <summary>Claude Code's: <c>.claude/settings.json</c>, and of its user <c>~/.claude.json</c>.</summary>
internal static class ClaudeSettings
{
    // What is Skein's own business, or of no use to it, is passed over without a word.
    private static readonly string[] s_passed = ["$schema", "permissions", "mcpServers", "theme", "spinnerTipsEnabled", "cleanupPeriodDays", "includeCoAuthoredBy", "statusLine", "enabledMcpjsonServers", "disabledMcpjsonServers", "enableAllProjectMcpServers"];

    private static readonly Dictionary<string, string[]> s_tools = new(StringComparer.Ordinal)
    {
        ["Bash"] = ["bash"], ["Read"] = ["read"], ["Edit"] = ["edit", "write"], ["Write"] = ["edit", "write"], ["MultiEdit"] = ["edit", "write"],
        ["Glob"] = ["glob"], ["Grep"] = ["grep"], ["LS"] = ["list"], ["WebFetch"] = ["fetch"],
    };

    public static async Task ReadAsync(ForeignPlace place, Findings found, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(place.Folder, ".claude");
        if (await ForeignFile.ReadJsonAsync(Path.Combine(folder, "settings.json"), cancellationToken) is { } settings)
            Take(settings, place, found);
        if (place.IsUser)
        {
            var own = await ForeignFile.ReadJsonAsync(Path.Combine(place.Folder, ".claude.json"), cancellationToken);
            foreach (var (name, server) in own.Object("mcpServers") ?? [])
                found.Server(name, Findings.ServerOf(server as JsonObject, "headers"), Findings.ShellVariables());
        }
        else
        {
            if (File.Exists(Path.Combine(folder, "settings.local.json")))
                found.Left.Add(".claude/settings.local.json: it is yours alone, and skein.json is the project's");
            AsIs(place, found, ".mcp.json", "each server is asked about once");
        }

        foreach (var name in (string[])["agents", "commands", "skills"])
            AsIs(place, found, Path.Combine(".claude", name), "");
        if (!place.IsUser)
            AsIs(place, found, "CLAUDE.md", File.Exists(Path.Combine(place.Folder, "AGENTS.md")) ? "not beside an AGENTS.md, which goes first" : "");
    }

    private static void AsIs(ForeignPlace place, Findings found, string name, string remark)
    {
        if (Path.Exists(Path.Combine(place.Folder, name)))
            found.AsIs.Add(remark.Length > 0 ? $"{name} ({remark})" : name);
    }

    private static void Take(JsonObject settings, ForeignPlace place, Findings found)
    {
        var permissions = settings.Object("permissions");

        // There a refusal goes before a question, and that before a permission; here the last one goes before all.
        foreach (var action in (string[])["allow", "ask", "deny"])
        {
            foreach (var rule in permissions.Texts(action))
                Rule(rule, action, found);
        }

        switch (permissions.Text("defaultMode"))
        {
            case null or "default":
                break;
            case "acceptEdits":
                found.Values["mode"] = "edits";
                break;
            case "plan":
                found.Values["mode"] = "plan";
                break;
            case var mode:
                found.Left.Add($"permissions.defaultMode '{mode}': say it yourself, as skein run --mode auto, which keeps commands in the sandbox");
                break;
        }

        if (permissions.Texts("additionalDirectories").Count > 0)
            found.Left.Add("permissions.additionalDirectories: what is outside of the folder is asked about, or allowed by a rule with its absolute path");
        if (settings.Object("hooks") is { Count: > 0 } hooks)
            found.Left.Add($"hooks ({string.Join(", ", hooks.Select(static h => h.Key))}): Skein's are told, and answer, in other words: docs/hooks.md");
        foreach (var (name, _) in settings)
        {
            if (!s_passed.Contains(name) && name != "hooks")
                found.Left.Add($"{name}: {(name == "model" ? "Claude Code has names of its own for models; say 'provider/name'" : "Skein has no such setting")}");
        }
    }

    private static void Rule(string rule, string action, Findings found)
    {
        var open = rule.IndexOf('(', StringComparison.Ordinal);
        var (tool, pattern) = open > 0 && rule.EndsWith(')') ? (rule[..open], rule[(open + 1)..^1]) : (rule, null);
        if (tool.StartsWith("mcp__", StringComparison.Ordinal))
        {
            // A server alone means all that it has.
            found.Rule(tool.Split("__").Length == 2 ? tool + "__*" : tool, null, action);
            return;
        }

        if (!s_tools.TryGetValue(tool, out var ours))
        {
            found.Left.Add($"permissions.{action} '{rule}': Skein has no tool '{tool}'");
            return;
        }

        foreach (var name in ours)
        {
            foreach (var one in pattern is null ? [null] : Patterns(name, pattern))
                found.Rule(name, one, action);
        }
    }

    private static IEnumerable<string?> Patterns(string tool, string pattern) => tool switch
    {
        // The words before ':*' are what the command begins with.
        "bash" when pattern.EndsWith(":*", StringComparison.Ordinal) => [pattern[..^2], pattern[..^2] + " *"],
        "bash" => [pattern],
        "fetch" => [pattern.StartsWith("domain:", StringComparison.Ordinal) ? pattern["domain:".Length..] : pattern],
        _ => [PathOf(pattern)],
    };

    // As .gitignore has them: a name without a folder is meant wherever it is.
    private static string PathOf(string pattern)
    {
        if (pattern.StartsWith("//", StringComparison.Ordinal))
            return pattern[1..];
        if (pattern.StartsWith("~/", StringComparison.Ordinal))
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), pattern[2..]);
        var path = pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[2..] : pattern.TrimStart('/');
        return pattern.Contains('/', StringComparison.Ordinal) || pattern == "**" ? path : "**/" + path;
    }
}
