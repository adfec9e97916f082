using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skein.Core;

namespace Skein.Store;

/// <summary>A row that the catalog holds.</summary>
/// <param name="State">Up to which byte of the log it is folded, and its keys; the row itself is in the line.</param>
/// <param name="Written">When the log's file was last written, by the file system, in ticks: a file that was touched since is folded again.</param>
/// <param name="Packed">How long the file is, where it is compressed.</param>
internal readonly record struct CatalogRow(LogState State, long Written, long? Packed = null);

/// <summary>
/// One line of the catalog, sealed like a log's: exactly one of the four is there.
/// <code>
/// {"end":1234,"written":639…,"packed":345,"fold":3,"keys":{…},"row":{…},"crc":"…"}
/// {"opened":"ses_…","crc":"…"}
/// {"closed":"ses_…","crc":"…"}
/// {"forgotten":"ses_…","crc":"…"}
/// </code>
/// </summary>
internal readonly record struct CatalogLine(CatalogRow? Row = null, SessionId? Opened = null, SessionId? Closed = null, SessionId? Forgotten = null)
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
            if (Row is { } row)
            {
                writer.WriteNumber("end"u8, row.State.End);
                writer.WriteNumber("written"u8, row.Written);
                if (row.Packed is { } packed)
                    writer.WriteNumber("packed"u8, packed);
                writer.WriteNumber("fold"u8, SessionFold.Version);
                writer.WritePropertyName("keys"u8);
                SessionKeys.Write(writer, row.State.Row!);
                writer.WritePropertyName("row"u8);
                JsonSerializer.Serialize(writer, row.State.Row!, s_row);
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

    /// <summary>Reads a line, of a row only its keys: what follows them is not looked at.</summary>
    /// <param name="line">Its seal has been looked at.</param>
    /// <returns>An empty line where it says nothing that this version understands: the log is read instead.</returns>
    public static CatalogLine Read(ReadOnlySpan<byte> line, SharedTexts texts)
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
                else if (name.SequenceEqual("keys"u8) && fold == SessionFold.Version && SessionKeys.Read(ref reader, texts, out var seq) is { } keys)
                    return new CatalogLine(new CatalogRow(new LogState(seq, end, Row: null) { Keys = keys }, written, packed));
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

    /// <summary>Reads the row of a line.</summary>
    /// <returns>Null where the line is damaged or has none that this version understands.</returns>
    public static Session? ReadRow(ReadOnlySpan<byte> line)
    {
        if (!LogLine.IsSealed(line))
            return null;

        try
        {
            var reader = new Utf8JsonReader(line);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("row"u8))
                    return JsonSerializer.Deserialize(ref reader, SkeinJson.Relaxed.Session) is { } row ? Whole(row) : null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // As good as damaged.
        }

        return null;
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
