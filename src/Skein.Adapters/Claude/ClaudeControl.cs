using System.Text.Json.Nodes;

namespace Skein.Adapters.Claude;

/// <summary>The frames that Claude Code is controlled with.</summary>
internal static class ClaudeControl
{
    public static JsonObject Request(string id, JsonObject request) =>
        new() { ["type"] = "control_request", ["request_id"] = id, ["request"] = request };

    public static JsonObject Allow(string id, JsonNode? input, JsonArray? permissions)
    {
        var answer = new JsonObject { ["behavior"] = "allow", ["updatedInput"] = input };
        if (permissions is not null)
            answer["updatedPermissions"] = permissions;
        return Success(id, answer);
    }

    /// <param name="message">The model reads it.</param>
    public static JsonObject Deny(string id, string message) => Success(id, new JsonObject { ["behavior"] = "deny", ["message"] = message });

    public static JsonObject Error(string id, string message) =>
        Response(new JsonObject { ["subtype"] = "error", ["request_id"] = id, ["error"] = message });

    private static JsonObject Success(string id, JsonObject answer) =>
        Response(new JsonObject { ["subtype"] = "success", ["request_id"] = id, ["response"] = answer });

    private static JsonObject Response(JsonObject response) => new() { ["type"] = "control_response", ["response"] = response };
}
