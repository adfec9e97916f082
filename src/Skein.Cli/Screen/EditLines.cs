using System.Text.Json;

namespace Skein.Cli.Screen;

/// <summary>What edits take away and put there, as the lines of a diff, by the arguments of tools that replace one text by another.</summary>
internal static class EditLines
{
    // As the tools of all agents call them.
    private static readonly (string Old, string New)[] s_names = [("old_string", "new_string"), ("oldString", "newString")];

    /// <returns>Empty: it is no such call.</returns>
    public static IReadOnlyList<string> Of(JsonElement arguments)
    {
        if (arguments.ValueKind != JsonValueKind.Object)
            return [];
        return arguments.TryGetProperty("edits", out var several) && several.ValueKind == JsonValueKind.Array
            ? [.. several.EnumerateArray().SelectMany(OfOne)]
            : [.. OfOne(arguments)];
    }

    private static IEnumerable<string> OfOne(JsonElement edit)
    {
        foreach (var (oldName, newName) in s_names)
        {
            if (Lines(edit, oldName) is not { } before || Lines(edit, newName) is not { } after)
                continue;

            // The lines around what changes only say where it is.
            var head = before.AsSpan().CommonPrefixLength(after);
            var (removed, added) = (before[head..], after[head..]);
            var tail = 0;
            while (tail < Math.Min(removed.Length, added.Length) && removed[^(tail + 1)] == added[^(tail + 1)])
                tail++;
            return [.. removed[..^tail].Select(static line => "- " + line), .. added[..^tail].Select(static line => "+ " + line)];
        }

        return [];
    }

    private static string[]? Lines(JsonElement edit, string name) =>
        edit.ValueKind == JsonValueKind.Object && edit.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString() is { Length: > 0 } some ? some.ReplaceLineEndings("\n").Split('\n') : []
            : null;
}
