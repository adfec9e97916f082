using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Claude;

/// <summary>The blocks of a whole message as parts.</summary>
internal static class ClaudeBlocks
{
    /// <returns>Null: one of them is not known.</returns>
    public static IReadOnlyList<Part>? PartsOf(JsonElement message)
    {
        if (message.Text("content") is { } text)
            return [new TextPart(text)];
        var parts = message.Items("content").Select(PartOf).ToList();
        return parts.Count > 0 && !parts.Contains(null) ? [.. parts.OfType<Part>()] : null;
    }

    /// <summary>What a tool answered.</summary>
    public static string TextOf(JsonElement result) => result.Find("content") switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } blocks => string.Join("\n", blocks.EnumerateArray().Select(b => b.Text("text") ?? b.GetRawText())),
        { } other => other.GetRawText(),
        _ => "",
    };

    public static bool IsError(JsonElement result) => result.Find("is_error") is { ValueKind: JsonValueKind.True };

    private static Part? PartOf(JsonElement block) => block.Text("type") switch
    {
        "text" when block.Text("text") is { } text => new TextPart(text),
        "thinking" when block.Text("thinking") is { } thought => new ReasoningPart(thought, block.Text("signature")),
        "tool_use" when block.Text("id") is { } id && block.Text("name") is { } tool && block.Find("input") is { } input => new ToolCallPart(id, tool, input),
        "tool_result" when block.Text("tool_use_id") is { } id => new ToolResultPart(id, TextOf(block), IsError(block)),
        _ => null,
    };
}
