using System.Text.Json;

namespace Skein.Core.Search;

/// <summary>What of a part is text that can be searched.</summary>
internal static class PartTexts
{
    /// <summary>The first match in what the part itself has.</summary>
    public static Snippet? Find(this TextMatcher matcher, Part part) => part switch
    {
        TextPart said => matcher.Find(said.Text),
        ReasoningPart thought => matcher.Find(thought.Text),
        ToolCallPart call => FindValue(matcher, call.Arguments),
        ToolResultPart result => matcher.Find(result.Output),
        FilePart { Name: { } name } => matcher.Find(name),
        SummaryPart summary => matcher.Find(summary.Text),
        _ => null,
    };

    /// <summary>The text that the part has elsewhere; null: it is all here, or is no text.</summary>
    public static BlobRef? BlobOf(Part part) => part switch
    {
        ToolResultPart { Whole: { Head: not null } whole } => whole,
        FilePart { Content: { Head: not null } content } => content,
        _ => null,
    };

    public static PartKind KindOf(Part part) => part switch
    {
        ReasoningPart => PartKind.Reasoning,
        ToolCallPart => PartKind.ToolCall,
        ToolResultPart => PartKind.ToolResult,
        FilePart => PartKind.File,
        _ => PartKind.Text,
    };

    // Names are the tool's, values are what it was told. Each is a text of its own, so that no match reaches across JSON's punctuation.
    private static Snippet? FindValue(TextMatcher matcher, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return matcher.Find(value.GetString());
            case JsonValueKind.Number:
                return matcher.Find(value.GetRawText());
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (FindValue(matcher, item) is { } found)
                        return found;
                }

                return null;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    if (FindValue(matcher, property.Value) is { } found)
                        return found;
                }

                return null;
            default:
                return null;
        }
    }
}
