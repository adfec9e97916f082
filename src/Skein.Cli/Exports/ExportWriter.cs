using System.Buffers;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;
using Skein.Store;

namespace Skein.Cli.Exports;

/// <summary>
/// Writes a session as one file that holds all of it. Lines of JSON, each sealed by a checksum as a log's lines are (docs/log-format.md):
/// <code>
/// {"type":"skein.export","version":1,"at":"…","session":{…}}      the session as it is
/// {"session":"ses_…","seq":1,"at":"…","type":"…","data":{…}}      its events, inherited ones included
/// {"type":"blob","sha256":"…","media_type":"…","base64":"…"}      what they name, in pieces; the last of a blob says "last":true
/// {"type":"end","events":12,"blobs":1}
/// </code>
/// </summary>
internal sealed class ExportWriter(Stream file)
{
    public const string Format = "skein.export";
    public const int Version = 1;

    private const int Piece = 768 * 1024;
    private static readonly JsonWriterOptions s_json = new() { Encoder = SkeinJson.Relaxed.Options.Encoder };

    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Dictionary<string, BlobRef> _blobs = new(StringComparer.Ordinal);
    private long _events;

    /// <summary>What could not be had of it: gaps in its log, blobs that are gone. One sentence each.</summary>
    public List<string> Missing { get; } = [];

    /// <param name="progress">Events written so far, and bytes of blobs.</param>
    public async Task WriteAsync(SkeinClient client, Session session, DateTimeOffset now, Action<long> progress, CancellationToken cancellationToken)
    {
        await LineAsync(writer =>
        {
            writer.WriteString("type", Format);
            writer.WriteNumber("version", Version);
            writer.WriteString("at", now);
            writer.WritePropertyName("session");
            JsonSerializer.Serialize(writer, session, SkeinJson.Relaxed.Session);
        }, cancellationToken);

        await foreach (var frame in client.FollowAsync(session.Id, 0, cancellationToken))
        {
            if (frame is not EventFrame { Event: var e })
                continue;
            await EventAsync(e, cancellationToken);
            progress(e.Seq);
            if (e.Seq >= session.Seq)
                break;
        }

        foreach (var blob in _blobs.Values)
            await BlobAsync(client, blob, cancellationToken);
        await LineAsync(writer =>
        {
            writer.WriteString("type", "end");
            writer.WriteNumber("events", _events);
            writer.WriteNumber("blobs", _blobs.Count);
        }, cancellationToken);
        await file.FlushAsync(cancellationToken);
    }

    private async Task EventAsync(SessionEvent e, CancellationToken cancellationToken)
    {
        if (e.Body is Gap gap)
        {
            Missing.Add(gap.IsLoss ? $"The log is damaged: {gap.Lost} cannot be read." : "The log is damaged; no event was lost.");
            return;
        }

        foreach (var blob in NamedBlobs.Of(e.Body))
            _blobs.TryAdd(blob.Sha256, blob);
        _events++;
        await SealAsync(EventCodec.Encode(e, withSession: true), cancellationToken);
    }

    private async Task BlobAsync(SkeinClient client, BlobRef blob, CancellationToken cancellationToken)
    {
        Stream content;
        try
        {
            content = await client.OpenBlobAsync(blob.Sha256, cancellationToken);
        }
        catch (SkeinException e) when (e.Code is "not_found" or "damaged")
        {
            Missing.Add($"Blob {blob.Sha256} is missing: {e.Message}");
            await LineAsync(writer =>
            {
                writer.WriteString("type", "blob");
                writer.WriteString("sha256", blob.Sha256);
                writer.WriteBoolean("missing", true);
            }, cancellationToken);
            return;
        }

        var buffer = new byte[Piece];
        await using (content)
        {
            for (var left = blob.Size; ;)
            {
                var read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
                left -= read;
                var last = read < buffer.Length || left <= 0;
                await LineAsync(writer =>
                {
                    writer.WriteString("type", "blob");
                    writer.WriteString("sha256", blob.Sha256);
                    writer.WriteString("media_type", blob.MediaType);
                    writer.WriteBase64String("base64", buffer.AsSpan(0, read));
                    if (last)
                        writer.WriteBoolean("last", true);
                }, cancellationToken);
                if (last)
                    return;
            }
        }
    }

    private async Task LineAsync(Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        var json = new ArrayBufferWriter<byte>();
        await using (var writer = new Utf8JsonWriter(json, s_json))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        await SealAsync(json.WrittenMemory, cancellationToken);
    }

    private async Task SealAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        LogLine.Seal(json.Span, _line);
        await file.WriteAsync(_line.WrittenMemory, cancellationToken);
    }
}
