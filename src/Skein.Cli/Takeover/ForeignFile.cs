using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Cli.Commands;
using Skein.Sandbox;
using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Serialization;

namespace Skein.Cli.Takeover;

/// <summary>Files of settings that other agents have, as JSON.</summary>
internal static class ForeignFile
{
    private const int MostBytes = 4 << 20;
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>An object of JSON, comments allowed.</summary>
    /// <returns>Null: there is no such file.</returns>
    /// <exception cref="UsageException">It is something else.</exception>
    public static async Task<JsonObject?> ReadJsonAsync(string path, CancellationToken cancellationToken)
    {
        if (await ReadTextAsync(path, cancellationToken) is not { } text)
            return null;
        try
        {
            return JsonNode.Parse(text, documentOptions: s_json) as JsonObject ?? throw new UsageException($"{path} is no object of JSON.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is not JSON: {e.Message}");
        }
    }

    /// <summary>TOML.</summary>
    /// <returns>Null: there is no such file.</returns>
    /// <exception cref="UsageException">It is something else.</exception>
    public static async Task<JsonObject?> ReadTomlAsync(string path, CancellationToken cancellationToken)
    {
        if (await ReadTextAsync(path, cancellationToken) is not { } text)
            return null;
        try
        {
            return (JsonObject?)AsJson(TomlSerializer.Deserialize(text, ForeignToml.Default.TomlTable));
        }
        catch (TomlException e)
        {
            throw new UsageException($"{path} is not TOML: {e.Message}");
        }
    }

    public static async Task<string?> ReadTextAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return null;
        var length = RealPath.FileAt(path).Length;
        if (length > MostBytes)
            throw new UsageException($"{path} has {length} bytes: more than {MostBytes}.");

        // What the system says is empty could be a pipe, which would never end.
        return length == 0 ? "" : (await File.ReadAllTextAsync(path, cancellationToken)).ReplaceLineEndings("\n");
    }

    private static JsonNode? AsJson(object? value) => value switch
    {
        TomlTable table => new JsonObject(table.Select(static p => KeyValuePair.Create(p.Key, AsJson(p.Value)))),
        TomlTableArray tables => new JsonArray([.. tables.Select(AsJson)]),
        TomlArray items => new JsonArray([.. items.Select(AsJson)]),
        bool flag => JsonValue.Create(flag),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        null => null,
        var other => JsonValue.Create(other.ToString()),
    };
}

[TomlSerializable(typeof(TomlTable))]
internal sealed partial class ForeignToml : TomlSerializerContext;

/// <summary>What stands in another agent's settings, where it is what it should be.</summary>
internal static class ForeignValues
{
    public static string? Text(this JsonObject? node, string name) => node?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static JsonObject? Object(this JsonObject? node, string name) => node?[name] as JsonObject;

    public static bool? Flag(this JsonObject? node, string name) => node?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static IReadOnlyList<string> Texts(this JsonObject? node, string name) =>
        [.. (node?[name] as JsonArray ?? []).Select(static i => i is JsonValue value && value.TryGetValue<string>(out var text) ? text : null).OfType<string>()];

    /// <summary>The names and texts of an object; null where it has none.</summary>
    public static JsonObject? Map(this JsonObject? node, string name) => node.Object(name) is { Count: > 0 } map
        ? new JsonObject(map.Select(static p => KeyValuePair.Create(p.Key, (JsonNode?)JsonValue.Create(p.Value?.ToString() ?? ""))))
        : null;
}
