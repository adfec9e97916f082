using System.Globalization;
using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Skein.Agent.Mcp;

/// <summary>What a call answered, as text: its texts with a blank line between them; what is none is named.</summary>
internal static class McpContent
{
    public static string TextOf(CallToolResult result)
    {
        var texts = result.Content.Select(TextOf).Where(static t => t.Length > 0).ToList();
        if (texts.Count == 0 && result.StructuredContent is { } structured)
            texts.Add(JsonElement.Parse(structured.ToString()).GetRawText());
        return texts.Count > 0 ? string.Join("\n\n", texts) : result.IsError == true ? "The call failed, without a word." : "";
    }

    /// <summary>What a prompt says: the user's words as they are, others' with their role.</summary>
    public static string TextOf(GetPromptResult result) => string.Join("\n\n", result.Messages
        .Select(static m => (m.Role, Text: TextOf(m.Content)))
        .Where(static m => m.Text.Length > 0)
        .Select(static m => m.Role == Role.User ? m.Text : $"[{m.Role.ToString().ToLowerInvariant()}] {m.Text}"));

    /// <summary>What a resource says.</summary>
    public static string TextOf(ReadResourceResult result) => string.Join("\n\n", result.Contents.Select(TextOf));

    /// <summary>A line for each.</summary>
    public static string TextOf(IEnumerable<McpClientResource> resources, IEnumerable<McpClientResourceTemplate> templates) => string.Join('\n', resources
        .Select(static r => Line(r.Uri, r.Name, r.Description))
        .Concat(templates.Select(static t => Line(t.UriTemplate, t.Name, t.Description)))
        .DefaultIfEmpty("There are none."));

    private static string Line(string uri, string name, string? description) =>
        $"{uri}  {name}{(description is { Length: > 0 } ? $": {description.ReplaceLineEndings(" ")}" : "")}";

    private static string TextOf(ResourceContents contents) => contents switch
    {
        TextResourceContents text => text.Text,
        _ => $"[a resource, {contents.MimeType}: {contents.Uri}]",
    };

    private static string TextOf(ContentBlock block) => block switch
    {
        TextContentBlock text => text.Text,
        ImageContentBlock image => string.Create(CultureInfo.InvariantCulture, $"[an image, {image.MimeType}, {image.DecodedData.Length:N0} bytes]"),
        EmbeddedResourceBlock { Resource: var resource } => TextOf(resource),
        ResourceLinkBlock link => $"[{link.Name}: {link.Uri}]",
        _ => $"[content of the type {block.Type}]",
    };
}
