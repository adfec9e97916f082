using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Archives;

/// <summary>The one way through the tree of a Claude Code session that its conversation is.</summary>
internal static class ClaudeBranch
{
    /// <param name="records">Those with an id, in the order of the file.</param>
    /// <returns>What people and models said on that way, in the order of the file.</returns>
    public static IEnumerable<(int Line, JsonElement Record)> Of(IReadOnlyList<(int Line, JsonElement Record)> records, TranscriptFile file)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < records.Count; i++)
            places[records[i].Record.Text("uuid")!] = i;

        var way = new HashSet<int>();
        for (var i = LastSaid(records, records.Count - 1); i >= 0 && way.Add(i);)
        {
            // A compaction begins anew, and names what it stands for.
            var parent = records[i].Record.Text("parentUuid") ?? records[i].Record.Text("logicalParentUuid");
            if (parent is null)
                break;
            if (!places.TryGetValue(parent, out var next))
            {
                file.Complain(records[i].Line, "follows a record that is not there: what was said before it is taken in the order of the file");
                next = LastSaid(records, i - 1);
            }

            i = next;
        }

        return WithSiblings(records, way);
    }

    // Calls made side by side, and their results, hang beside the way.
    private static IEnumerable<(int Line, JsonElement Record)> WithSiblings(IReadOnlyList<(int Line, JsonElement Record)> records, HashSet<int> way)
    {
        var messages = way.Select(i => MessageOf(records[i].Record)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var kept = Enumerable.Range(0, records.Count).Where(i => way.Contains(i) || MessageOf(records[i].Record) is { } id && messages.Contains(id)).ToHashSet();
        var calls = kept.SelectMany(i => Blocks(records[i].Record, "tool_use", "id")).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < records.Count; i++)
        {
            if (IsSaid(records[i].Record) && (kept.Contains(i) || Blocks(records[i].Record, "tool_result", "tool_use_id").Any(calls.Contains)))
                yield return records[i];
        }
    }

    private static int LastSaid(IReadOnlyList<(int Line, JsonElement Record)> records, int from)
    {
        while (from >= 0 && !IsSaid(records[from].Record))
            from--;
        return from;
    }

    // What its sub-agents said is theirs.
    private static bool IsSaid(JsonElement record) =>
        record.Text("type") is "user" or "assistant" && record.Find("isSidechain") is not { ValueKind: JsonValueKind.True };

    private static string? MessageOf(JsonElement record) => record.Text("type") == "assistant" ? record.Find("message")?.Text("id") : null;

    private static IEnumerable<string> Blocks(JsonElement record, string type, string field) =>
        (record.Find("message")?.Items("content") ?? []).Where(b => b.Text("type") == type).Select(b => b.Text(field)).OfType<string>();
}
