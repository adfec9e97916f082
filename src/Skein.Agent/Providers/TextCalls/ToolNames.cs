using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>The tools that a model was told of, by what models make of their names.</summary>
internal sealed class ToolNames(IEnumerable<AIFunctionDeclaration> tools)
{
    // Spaces of names that models were trained with.
    private static readonly string[] s_spaces = ["functions.", "function.", "tools.", "default_api."];

    private readonly Dictionary<string, AIFunctionDeclaration> _tools = tools.ToDictionary(static t => t.Name, StringComparer.OrdinalIgnoreCase);

    public bool IsEmpty => _tools.Count == 0;

    /// <summary>A tool's own name; null: there is none that is meant.</summary>
    public string? Find(string written) => _tools.TryGetValue(Bare(written.Trim()), out var tool) ? tool.Name : null;

    /// <summary>Whether a text begins the name of a tool: more of it may make it one.</summary>
    public bool MayBecome(string start) =>
        s_spaces.Any(s => s.StartsWith(start, StringComparison.Ordinal))
        || _tools.Keys.Any(name => name.StartsWith(Bare(start), StringComparison.OrdinalIgnoreCase));

    /// <summary>Texts of XML and of what a model quoted needlessly, as the tool wants them.</summary>
    public JsonObject Fit(string tool, JsonObject arguments)
    {
        foreach (var (name, value) in arguments.ToList())
        {
            if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && TypeOf(tool, name) is { } type and not "string"
                && Read(text.GetValue<string>()) is { } read && IsOf(read, type))
                arguments[name] = read;
        }

        return arguments;
    }

    /// <summary>The names of a tool's arguments, those that it needs first: what is not named is meant in this order.</summary>
    public IReadOnlyList<string> ArgumentsOf(string tool)
    {
        var schema = _tools[tool].JsonSchema;
        IEnumerable<string> needed = schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            ? required.EnumerateArray().Select(static r => r.GetString()!) : [];
        return [.. needed.Union(WireJson.Object(schema, "properties")?.EnumerateObject().Select(static p => p.Name) ?? [])];
    }

    private static string Bare(string name) => s_spaces.FirstOrDefault(s => name.StartsWith(s, StringComparison.Ordinal)) is { } space ? name[space.Length..] : name;

    private string? TypeOf(string tool, string argument) =>
        _tools.TryGetValue(tool, out var known)
        && WireJson.Object(known.JsonSchema, "properties") is { } properties && WireJson.Object(properties, argument) is { } property
            ? WireJson.Text(property, "type") : null;

    private static JsonNode? Read(string text)
    {
        try
        {
            var json = new LooseJson(text, 0);
            var value = json.Value();
            json.SkipSpace();
            return json.At == text.Length && !json.IsShort ? value : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsOf(JsonNode value, string type) => value.GetValueKind() switch
    {
        JsonValueKind.Number => type is "number" or "integer",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        _ => false,
    };
}
