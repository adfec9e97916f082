using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Skein.Core;

namespace Skein.Cli.Takeover;

/// <summary>What another agent's settings come to in Skein's words, and what has none.</summary>
internal sealed partial class Findings
{
    private readonly List<JsonObject> _rules = [];

    /// <summary>Values of settings by their keys, as <c>mode</c> and <c>mcp.tracker</c>.</summary>
    public SortedDictionary<string, JsonNode> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Files to write, by their paths below the folder of definitions, as <c>commands/review.md</c>.</summary>
    public SortedDictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What Skein reads where it is.</summary>
    public List<string> AsIs { get; } = [];

    /// <summary>What is not taken over, and why.</summary>
    public List<string> Left { get; } = [];

    /// <summary>Rules in the order that they are to hold in: of those that match, the last one does.</summary>
    public IEnumerable<JsonObject> Rules => _rules;

    /// <param name="pattern">Null: every call of the tool.</param>
    public void Rule(string? tool, string? pattern, string action)
    {
        var rule = new JsonObject();
        if (tool is not null)
            rule["tool"] = tool;
        if (pattern is not null and not "*")
            rule["pattern"] = pattern;
        rule["action"] = action;
        if (!_rules.Exists(r => JsonNode.DeepEquals(r, rule)))
            _rules.Add(rule);
    }

    /// <summary>A server as most agents have them: a program with its arguments and environment, or an address.</summary>
    /// <param name="headers">What they call its headers.</param>
    public static JsonObject ServerOf(JsonObject? server, string headers)
    {
        var taken = new JsonObject();
        if (server.Text("command") is { } program)
            taken["command"] = new JsonArray([program, .. server.Texts("args").Select(static a => JsonValue.Create(a))]);
        if (server.Text("url") is { } url)
            taken["url"] = url;
        if (server.Map("env") is { } environment)
            taken["environment"] = environment;
        if (server.Map(headers) is { } sent)
            taken["headers"] = sent;
        return taken;
    }

    /// <summary>A server of the Model Context Protocol.</summary>
    /// <param name="variables">How variables of the environment are written there; what has one is left, since settings have none.</param>
    public void Server(string name, JsonObject server, Regex variables)
    {
        if (!ServerName().IsMatch(name))
        {
            Left.Add($"the MCP server '{name}': a name has 1 to 32 of a-z, A-Z, 0-9, '-' and '_'");
            return;
        }

        if (server["headers"] is JsonObject headers)
        {
            foreach (var secret in headers.Select(static h => h.Key).Where(static h => h.Equals("Authorization", StringComparison.OrdinalIgnoreCase)).ToArray())
            {
                headers.Remove(secret);
                NeedsKey(name, server);
            }

            if (headers.Count == 0)
                server.Remove("headers");
        }

        if (variables.IsMatch(server.ToJsonString(SkeinJson.Relaxed.Options)))
            Left.Add($"the MCP server '{name}': it names variables of the environment, which skein.json has not; add it by hand: skein mcp add");
        else
            Values[$"mcp.{name}"] = server;
    }

    /// <summary>A server's token is kept with the keys, not in settings.</summary>
    public void NeedsKey(string name, JsonObject server)
    {
        server["key"] = name;
        Left.Add($"the token of the MCP server '{name}': skein auth set {name}");
    }

    /// <summary>A variable of the environment as shells write them.</summary>
    [GeneratedRegex(@"\$\{[A-Za-z_]")]
    public static partial Regex ShellVariables();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,32}\z")]
    private static partial Regex ServerName();
}
