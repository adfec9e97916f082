using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Testing;

namespace Skein.Tests.Adapters;

/// <summary>Frames as an agent of another version, or one that is broken, may write them.</summary>
internal static class BrokenFrames
{
    // What stands where something else is meant.
    private static readonly string[] s_wrongs = ["null", "0", "\"x\"", "[]", "{}", "-1.5e300"];

    /// <summary>The frame with one value after the other replaced, the outermost first: what lies deepest in a long list says what lies in its first item.</summary>
    public static IEnumerable<JsonElement> Of(JsonElement frame)
    {
        var root = JsonNode.Parse(frame.GetRawText())!;
        var places = Places(root).Take(60).ToList();
        for (var i = 0; i < places.Count * s_wrongs.Length; i += Rounds.Step)
        {
            var (parent, key) = places[i / s_wrongs.Length];
            var old = parent[key];
            parent[key] = JsonNode.Parse(s_wrongs[i % s_wrongs.Length]);
            yield return JsonElement.Parse(root.ToJsonString());
            parent[key] = old;
        }
    }

    private static IEnumerable<(JsonObject Parent, string Key)> Places(JsonNode root)
    {
        var nodes = new Queue<JsonNode?>([root]);
        while (nodes.TryDequeue(out var node))
        {
            if (node is JsonArray items)
            {
                foreach (var item in items)
                    nodes.Enqueue(item);
            }
            else if (node is JsonObject parent)
            {
                foreach (var (key, value) in parent.ToList())
                {
                    nodes.Enqueue(value);
                    yield return (parent, key);
                }
            }
        }
    }
}
