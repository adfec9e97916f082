namespace Skein.Core.Redaction;

/// <summary>Stores content.</summary>
internal delegate ValueTask<BlobRef> PutBlob(Stream content, string mediaType, CancellationToken cancellationToken);

/// <summary>Blobs without secrets: what is hashed and stored is the redacted content.</summary>
internal static class BlobRedaction
{
    public static async ValueTask<BlobRef> PutAsync(
        Redactor redactor, PutBlob put, Stream content, string mediaType, CancellationToken cancellationToken)
    {
        if (!redactor.IsOn || !Redactor.MayHoldText(mediaType))
            return await put(content, mediaType, cancellationToken);

        await using var clean = new RedactingStream(redactor, content);
        var blob = await put(clean, mediaType, cancellationToken);
        return blob with { Redacted = clean.Counts.Total() };
    }
}
