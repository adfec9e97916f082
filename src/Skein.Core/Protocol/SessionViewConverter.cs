using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Skein.Core.Protocol;

/// <summary>A session and what the server adds to it are one flat JSON object.</summary>
internal sealed class SessionViewConverter : JsonConverter<SessionView>
{
    public override SessionView? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var element = JsonElement.ParseValue(ref reader);
        var session = element.Deserialize(SkeinJson.Relaxed.Session) ?? throw new JsonException("A session is an object.");
        return new SessionView(session, element.TryGetProperty("clients", out var clients) ? clients.GetInt32() : 0);
    }

    public override void Write(Utf8JsonWriter writer, SessionView value, JsonSerializerOptions options)
    {
        var json = JsonSerializer.SerializeToNode(value.Session, SkeinJson.Relaxed.Session)!.AsObject();
        json.Add("clients", JsonValue.Create(value.Clients));
        json.WriteTo(writer, options);
    }
}
