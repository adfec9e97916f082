using System.Text;
using Microsoft.Extensions.AI;
using Skein.Core;
using Skein.Core.Agents;

namespace Skein.Agent;

/// <summary>What people put into their messages, as a model is sent it.</summary>
internal static class Attachment
{
    // What providers take of one picture is less; a text of this size fills most models.
    private const int MostImageBytes = 20 << 20;
    private const int MostTextBytes = 256 << 10;

    public static async ValueTask<AIContent?> ContentAsync(Part part, ITurn turn, CancellationToken cancellationToken) => part switch
    {
        TextPart text => string.IsNullOrWhiteSpace(text.Text) ? null : new TextContent(text.Text),
        FilePart { Content: { } blob } file => await StoredAsync(file, blob, turn, cancellationToken),
        FilePart { Url: { } url } file => Linked(file, url),
        _ => null,
    };

    private static async Task<AIContent> StoredAsync(FilePart file, BlobRef blob, ITurn turn, CancellationToken cancellationToken)
    {
        var binary = IsImage(file) || file.MediaType == "application/pdf";
        if (!binary && !IsText(file))
            return Note(file, $"{blob.Size:N0} bytes, which you cannot be shown");
        if (binary && blob.Size > MostImageBytes)
            return Note(file, $"{blob.Size:N0} bytes, too many to be shown to you");

        Stream? found;
        try
        {
            found = await turn.FindBlobAsync(blob.Sha256, cancellationToken);
        }
        catch (DamagedException)
        {
            return Note(file, "whose content is damaged");
        }

        await using var content = found;
        if (content is null)
            return Note(file, "whose content is no longer stored");

        var buffer = new byte[(int)Math.Min(blob.Size, binary ? MostImageBytes : MostTextBytes)];
        var read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (binary)
            return new DataContent(buffer.AsMemory(0, read), file.MediaType) { Name = file.Name };

        var cut = blob.Size > read ? $"\n[… cut after {read:N0} of {blob.Size:N0} bytes]" : "";
        return new TextContent($"<file name=\"{file.Name}\">\n{Encoding.UTF8.GetString(buffer, 0, read)}{cut}\n</file>");
    }

    private static AIContent Linked(FilePart file, string url) =>
        IsImage(file) && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new UriContent(uri, file.MediaType)
            : Note(file, $"at {url}");

    private static bool IsImage(FilePart file) => file.MediaType.StartsWith("image/", StringComparison.OrdinalIgnoreCase);

    private static bool IsText(FilePart file) =>
        file.MediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || file.MediaType is "application/json" or "application/xml" or "application/yaml" or "application/x-yaml" or "application/toml";

    private static TextContent Note(FilePart file, string what) => new($"[file {file.Name ?? "without a name"} ({file.MediaType}): {what}]");
}
