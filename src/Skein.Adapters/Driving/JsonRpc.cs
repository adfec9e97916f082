using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Adapters.Driving;

/// <summary>The frames of JSON-RPC 2.0, as several agents speak it.</summary>
internal static class JsonRpc
{
    private const int MethodNotFound = -32601;

    public static JsonObject Request(long id, string method, JsonObject parameters) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters };

    public static JsonObject Notification(string method, JsonObject parameters) =>
        new() { ["jsonrpc"] = "2.0", ["method"] = method, ["params"] = parameters };

    /// <param name="id">Of the request, as it came: a number, which may be 0, or a string.</param>
    public static JsonObject Result(JsonElement id, JsonObject result) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = JsonNode.Parse(id.GetRawText()), ["result"] = result };

    public static JsonObject NotServed(JsonElement id, string method) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = JsonNode.Parse(id.GetRawText()),
        ["error"] = new JsonObject { ["code"] = MethodNotFound, ["message"] = $"Skein does not serve {method}." },
    };
}
