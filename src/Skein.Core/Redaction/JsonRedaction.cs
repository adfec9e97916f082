using System.Buffers;
using System.Text.Json;

namespace Skein.Core.Redaction;

/// <summary>Takes secrets out of JSON: out of every string and every name, however deep.</summary>
internal static class JsonRedaction
{
    private static readonly JsonWriterOptions s_writing = new() { Encoder = SkeinJson.Relaxed.Options.Encoder, SkipValidation = true };

    public static JsonElement Of(Redactor redactor, JsonElement json, RedactionCounts counts)
    {
        var found = new RedactionCounts();
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, s_writing))
            Write(writer, redactor, null, json, found);
        if (!found.Any)
            return json;

        counts.Add(found);
        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, Redactor redactor, string? name, JsonElement json, RedactionCounts found)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in json.EnumerateObject())
                {
                    writer.WritePropertyName(redactor.Redact(property.Name, found));
                    Write(writer, redactor, property.Name, property.Value, found);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                    Write(writer, redactor, name, item, found);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String when json.GetString() is { } text:
                writer.WriteStringValue(name is null ? redactor.Redact(text, found) : redactor.Redact(name, text, found));
                break;
            case JsonValueKind.Undefined:
                writer.WriteNullValue();
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }
}
