using System.Text.Json.Nodes;
using Skein.Core;

namespace Skein.Adapters.Driving;

/// <summary>A prompt as blocks of text, in the shape that agents take it.</summary>
internal static class PromptBlocks
{
    /// <param name="before">Said first: what was said before the agent knew of the session.</param>
    /// <param name="system">More instructions for this turn.</param>
    public static JsonArray Of(Message prompt, string? before, string? system)
    {
        var blocks = new JsonArray();
        foreach (var text in new[] { before, system }.OfType<string>())
            blocks.Add((JsonNode)Text(text));
        foreach (var part in prompt.Parts.Select(p => p.Content))
        {
            if (part is TextPart { Text.Length: > 0 } said)
                blocks.Add((JsonNode)Text(said.Text));
            else if (part is FilePart file)
                blocks.Add((JsonNode)Text(file.Url is { } url ? $"[file {url}]" : $"[file {file.Name ?? file.MediaType}, which cannot be handed on]"));
        }

        return blocks;
    }

    /// <summary>One of the agent's own commands, as people type it.</summary>
    public static JsonArray Command(string name, string? argument) => new(Text(argument is null ? $"/{name}" : $"/{name} {argument}"));

    private static JsonObject Text(string text) => new() { ["type"] = "text", ["text"] = text };
}
