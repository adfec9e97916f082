using System.Globalization;
using System.Text.Json;
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

    private static string TextOf(ContentBlock block) => block switch
    {
        TextContentBlock text => text.Text,
        ImageContentBlock image => string.Create(CultureInfo.InvariantCulture, $"[an image, {image.MimeType}, {image.DecodedData.Length:N0} bytes]"),
        EmbeddedResourceBlock { Resource: TextResourceContents resource } => resource.Text,
        EmbeddedResourceBlock { Resource: var resource } => $"[a resource, {resource.MimeType}: {resource.Uri}]",
        ResourceLinkBlock link => $"[{link.Name}: {link.Uri}]",
        _ => $"[content of the type {block.Type}]",
    };
}
