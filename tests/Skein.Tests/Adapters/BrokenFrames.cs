using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Tests.Adapters;

/// <summary>Frames as an agent of another version, or one that is broken, may write them.</summary>
internal static class BrokenFrames
{
    /// <summary>What stands where something else is meant.</summary>
    public static IReadOnlyList<string> Wrongs { get; } = ["null", "0", "\"x\"", "[]", "{}", "-1.5e300"];

    /// <summary>The frame with one value after the other replaced.</summary>
    public static IEnumerable<JsonElement> Of(JsonElement frame, string wrong)
    {
        var root = JsonNode.Parse(frame.GetRawText())!;
        foreach (var (parent, key) in Places(root).ToList())
        {
            var old = parent[key];
            parent[key] = JsonNode.Parse(wrong);
            yield return JsonElement.Parse(root.ToJsonString());
            parent[key] = old;
        }
    }

    private static IEnumerable<(JsonObject Parent, string Key)> Places(JsonNode? node) => node switch
    {
        JsonObject parent => parent.ToList().SelectMany(p => Places(p.Value).Prepend((parent, p.Key))),
        JsonArray items => items.SelectMany(Places),
        _ => [],
    };
}
