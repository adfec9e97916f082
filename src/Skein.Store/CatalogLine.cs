using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skein.Core;

namespace Skein.Store;

/// <param name="End">Up to which byte of the log the row is folded.</param>
/// <param name="Written">When the log's file was last written, by the file system, in ticks: a file that was touched since is folded again.</param>
/// <param name="Packed">How long the file is, where it is compressed.</param>
internal sealed record CatalogRow(Session Row, long End, long Written, long? Packed = null)
{
    /// <summary>Whether it is the row of a file with this length and time.</summary>
    public bool IsOf(bool isPacked, long length, long written) => Written == written && (isPacked ? Packed == length : Packed is null && End == length);
}

/// <summary>
/// One line of the catalog, sealed like a log's: exactly one of the four is there.
/// <code>
/// {"end":1234,"written":639…,"packed":345,"fold":3,"row":{…},"crc":"…"}
/// {"opened":"ses_…","crc":"…"}
/// {"closed":"ses_…","crc":"…"}
/// {"forgotten":"ses_…","crc":"…"}
/// </code>
/// </summary>
internal sealed record CatalogLine(CatalogRow? Row = null, SessionId? Opened = null, SessionId? Closed = null, SessionId? Forgotten = null)
{
    private static readonly JsonWriterOptions s_writing = new() { Encoder = SkeinJson.Relaxed.Options.Encoder };

    // Most lists of most rows are empty: not written, a row is half as long, and read twice as fast.
    private static readonly JsonTypeInfo<Session> s_row = (JsonTypeInfo<Session>)new JsonSerializerOptions(SkeinJson.Relaxed.Options)
    {
        TypeInfoResolver = SkeinJson.Relaxed.WithAddedModifier(static type =>
        {
            foreach (var property in type.Type == typeof(Session) ? type.Properties : [])
            {
                if (property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable)))
                    property.ShouldSerialize = static (_, value) => value is not null && ((IEnumerable)value).GetEnumerator().MoveNext();
            }
        }),
    }.GetTypeInfo(typeof(Session));

    public void Write(IBufferWriter<byte> into)
    {
        var json = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(json, s_writing))
        {
            writer.WriteStartObject();
            if (Row is not null)
            {
                writer.WriteNumber("end"u8, Row.End);
                writer.WriteNumber("written"u8, Row.Written);
                if (Row.Packed is { } packed)
                    writer.WriteNumber("packed"u8, packed);
                writer.WriteNumber("fold"u8, SessionFold.Version);
                writer.WritePropertyName("row"u8);
                JsonSerializer.Serialize(writer, Row.Row, s_row);
            }
            else if (Opened is { } opened)
            {
                writer.WriteString("opened"u8, opened.Value);
            }
            else if (Closed is { } closed)
            {
                writer.WriteString("closed"u8, closed.Value);
            }
            else if (Forgotten is { } forgotten)
            {
                writer.WriteString("forgotten"u8, forgotten.Value);
            }

            writer.WriteEndObject();
        }

        LogLine.Seal(json.WrittenSpan, into);
    }

    /// <returns>An empty line where it says nothing that this version understands: the log is read instead.</returns>
    public static CatalogLine Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            var (end, written, packed, fold, read) = (0L, 0L, (long?)null, 0, new CatalogLine());
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueSpan;
                reader.Read();
                if (name.SequenceEqual("end"u8))
                    end = reader.GetInt64();
                else if (name.SequenceEqual("written"u8))
                    written = reader.GetInt64();
                else if (name.SequenceEqual("packed"u8))
                    packed = reader.GetInt64();
                else if (name.SequenceEqual("fold"u8))
                    fold = reader.GetInt32();
                else if (name.SequenceEqual("row"u8))
                    read = fold != SessionFold.Version ? Skipped(ref reader)
                        : JsonSerializer.Deserialize(ref reader, SkeinJson.Default.Session) is { } row ? new CatalogLine(new CatalogRow(Whole(row), end, written, packed)) : read;
                else if (name.SequenceEqual("opened"u8))
                    read = SessionId.TryParse(reader.GetString(), out var opened) ? new CatalogLine(Opened: opened) : read;
                else if (name.SequenceEqual("closed"u8))
                    read = SessionId.TryParse(reader.GetString(), out var closed) ? new CatalogLine(Closed: closed) : read;
                else if (name.SequenceEqual("forgotten"u8))
                    read = SessionId.TryParse(reader.GetString(), out var forgotten) ? new CatalogLine(Forgotten: forgotten) : read;
                else
                    reader.Skip();
            }

            return read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new CatalogLine();
        }
    }

    // A fold of another version of this program: the log is folded again.
    private static CatalogLine Skipped(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return new CatalogLine();
    }

    // What was not written is empty, and reads as null.
    private static Session Whole(Session row) => row with
    {
        Questions = row.Questions ?? [],
        Queue = row.Queue ?? [],
        Steered = row.Steered ?? [],
        Rewinds = row.Rewinds ?? [],
        Edited = row.Edited ?? ImmutableDictionary<MessageId, long>.Empty,
        Hidden = row.Hidden ?? [],
        Summaries = row.Summaries ?? [],
        Segments = row.Segments ?? [],
        Damage = row.Damage ?? [],
    };
}
