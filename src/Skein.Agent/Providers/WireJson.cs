using System.Text.Json;

namespace Skein.Agent.Providers;

/// <summary>Members of JSON that a server wrote: one of another kind than it should be counts as missing.</summary>
internal static class WireJson
{
    public static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    public static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static long Number(JsonElement parent, string name) => Given(parent, name) ?? 0;

    public static long? Given(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
