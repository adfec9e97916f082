using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Claude;

/// <summary>What Claude Code's own tools would do, told from their names and inputs.</summary>
internal static class ClaudeCall
{
    private static readonly string[] s_mainInputs = ["command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description", "prompt"];

    /// <param name="workspace">A change outside of it counts as more than an edit.</param>
    public static AgentEffect EffectOf(string tool, JsonElement input, string workspace) => tool switch
    {
        "TodoWrite" or "TaskList" or "TaskGet" => AgentEffect.Read,
        "Read" or "Glob" or "Grep" or "LS" or "NotebookRead" when WorkspacePath.IsWithin(PathOf(input) ?? workspace, workspace) => AgentEffect.Read,
        "Edit" or "MultiEdit" or "Write" or "NotebookEdit" when WorkspacePath.IsWithin(PathOf(input), workspace) => AgentEffect.Edit,
        _ => AgentEffect.Execute,
    };

    /// <summary>Whether a tool is known to change no file of the workspace.</summary>
    public static bool Reads(string tool) => tool is
        "Read" or "Glob" or "Grep" or "LS" or "NotebookRead" or "WebFetch" or "WebSearch" or "BashOutput" or "TaskOutput"
        or "TodoWrite" or "TaskCreate" or "TaskUpdate" or "TaskList" or "TaskGet";

    /// <summary>One line for people.</summary>
    public static string TitleOf(string tool, JsonElement input) =>
        s_mainInputs.Select(name => input.Text(name)).FirstOrDefault(t => t is { Length: > 0 }) is { } main ? $"{tool} {main.ReplaceLineEndings(" ")}" : tool;

    /// <summary>What helps to decide: the command, the difference, or all of the input.</summary>
    public static string DetailOf(string tool, JsonElement input)
    {
        if (tool == "Bash" && input.Text("command") is { } command)
            return command;
        if (input.Text("file_path") is { } path)
        {
            if (tool == "Write" && input.Text("content") is { } content)
                return UnifiedDiff.Of(path, null, content);
            if (tool == "Edit" && input.Text("old_string") is { } before && input.Text("new_string") is { } after)
                return UnifiedDiff.Of(path, before, after);
        }

        return input.ValueKind == JsonValueKind.Undefined ? "" : input.GetRawText();
    }

    /// <summary>For programs: the difference that an edit made.</summary>
    /// <param name="told">The frame's <c>tool_use_result</c>.</param>
    public static JsonElement? MetadataOf(JsonElement? told)
    {
        if (told is not { } result || result.Text("filePath") is not { } path)
            return null;

        var lines = result.Items("structuredPatch").SelectMany(hunk => hunk.Items("lines").Select(l => l.ValueKind == JsonValueKind.String ? l.GetString() : null)
            .Prepend($"@@ -{hunk.Number("oldStart")},{hunk.Number("oldLines")} +{hunk.Number("newStart")},{hunk.Number("newLines")} @@")).ToList();
        var diff = lines.Count > 0 ? $"--- {path}\n+++ {path}\n{string.Join('\n', lines)}\n"
            : result.Text("type") == "create" && result.Text("content") is { } content ? UnifiedDiff.Of(path, null, content)
            : null;
        return diff is null ? null : JsonDocument.Parse(new JsonObject { ["path"] = path, ["diff"] = diff }.ToJsonString(SkeinJson.Relaxed.Options)).RootElement;
    }

    private static string? PathOf(JsonElement input) => input.Text("file_path") ?? input.Text("notebook_path") ?? input.Text("path");
}
