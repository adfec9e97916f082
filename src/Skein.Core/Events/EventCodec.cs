using System.Buffers;
using System.Text.Json;

namespace Skein.Core.Events;

/// <summary>
/// An event as JSON and back. The envelope is fixed:
/// <code>{"v":1,"session":"ses_…","seq":1,"at":"…","type":"session.created","by":{…},"data":{…},"more":true}</code>
/// <c>v</c> and <c>session</c> stand in the first event of a file and on the wire; <c>by</c> and <c>more</c> only where they say something.
/// </summary>
internal static class EventCodec
{
    public const int Version = 1;

    private static readonly JsonWriterOptions s_writing = new() { Encoder = SkeinJson.Relaxed.Options.Encoder, SkipValidation = true };

    /// <summary>The event as one line of JSON without its line end; text in it is safe (<see cref="SafeJson"/>).</summary>
    /// <param name="withSession">Whether the format's version and the session's id go along.</param>
    public static ReadOnlyMemory<byte> Encode(SessionEvent e, bool withSession)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, s_writing))
            Write(writer, e, withSession);
        return SafeJson.Clean(buffer.WrittenMemory);
    }

    /// <exception cref="JsonException">The text is not an event.</exception>
    public static SessionEvent Decode(ReadOnlySpan<byte> json, SessionId session) =>
        WrittenMessage.TryRead(json, session, out var e) ? e : DecodeAny(json, session);

    /// <summary>The general way: fields in any order, whatever they are.</summary>
    /// <inheritdoc cref="Decode"/>
    public static SessionEvent DecodeAny(ReadOnlySpan<byte> json, SessionId session)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("An event is a JSON object.");

        long seq = 0;
        var at = default(DateTimeOffset);
        string? type = null;
        Cause? by = null;
        var data = default(ReadOnlySpan<byte>);
        var more = false;

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var value = reader;
            reader.Skip();
            var text = json[start..(int)reader.BytesConsumed];

            if (name.SequenceEqual("seq"u8))
                seq = value.GetInt64();
            else if (name.SequenceEqual("at"u8))
                at = value.GetDateTimeOffset().ToUniversalTime();
            else if (name.SequenceEqual("type"u8))
                type = value.GetString();
            else if (name.SequenceEqual("data"u8))
                data = text;
            else if (name.SequenceEqual("more"u8))
                more = value.GetBoolean();
            else if (name.SequenceEqual("by"u8))
                by = JsonSerializer.Deserialize(text, SkeinJson.Relaxed.Cause);
            else if (name.SequenceEqual("session"u8))
                session = SessionId.TryParse(value.GetString(), out var named) ? named : throw new JsonException("The session's id is malformed.");
            else if (name.SequenceEqual("v"u8))
                RequireKnown(value.GetInt32());
        }

        if (seq <= 0 || type is null || data.IsEmpty)
            throw new JsonException("An event needs seq, at, type and data.");
        return new SessionEvent(session, seq, at, DecodeBody(type, data), by, more);
    }

    /// <summary>What a name and its data mean. A name or a shape of a later version is carried as it is.</summary>
    public static EventBody DecodeBody(string type, ReadOnlySpan<byte> data)
    {
        if (EventNames.ShapeOf(type) is { } shape)
        {
            try
            {
                if (JsonSerializer.Deserialize(data, shape) is EventBody body)
                    return body;
            }
            catch (JsonException)
            {
                // A later version wrote a part or a value that this one has no word for: carried, like an unknown name.
            }
        }

        var reader = new Utf8JsonReader(data);
        return new UnknownEvent(type, JsonElement.ParseValue(ref reader));
    }

    private static void Write(Utf8JsonWriter writer, SessionEvent e, bool withSession)
    {
        writer.WriteStartObject();
        if (withSession)
        {
            writer.WriteNumber("v"u8, Version);
            writer.WriteString("session"u8, e.Session.Value);
        }

        writer.WriteNumber("seq"u8, e.Seq);
        writer.WritePropertyName("at"u8);
        JsonSerializer.Serialize(writer, e.At, SkeinJson.Relaxed.DateTimeOffset);
        writer.WriteString("type"u8, e.Type);
        if (e.By is not null)
        {
            writer.WritePropertyName("by"u8);
            JsonSerializer.Serialize(writer, e.By, SkeinJson.Relaxed.Cause);
        }

        writer.WritePropertyName("data"u8);
        if (e.Body is UnknownEvent unknown)
            unknown.Data.WriteTo(writer);
        else
            JsonSerializer.Serialize(writer, e.Body, SkeinJson.Relaxed.GetTypeInfo(e.Body.GetType())!);
        if (e.More)
            writer.WriteBoolean("more"u8, true);
        writer.WriteEndObject();
    }

    private static void RequireKnown(int version)
    {
        if (version > Version)
            throw new JsonException($"The log has format version {version}; this program knows versions up to {Version}.");
    }
}
