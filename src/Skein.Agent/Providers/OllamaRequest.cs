using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as Ollama's <c>/api/chat</c> takes it.</summary>
internal static class OllamaRequest
{
    /// <param name="context">Tokens that the server is to hold; null: as it is set up.</param>
    public static ReadOnlyMemory<byte> From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, int? context) =>
        RequestJson.Write(model, json => Write(json, messages, options, context));

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions options, int? context)
    {
        // Else what does not fit is cut off in silence, beginning with the oldest; so it is an error, and is summarised.
        json.WriteBoolean("truncate", false);
        json.WriteBoolean("shift", false);
        WriteThink(json, options.Reasoning?.Effort);
        WriteOptions(json, options, context);

        json.WriteStartArray("messages");
        if (options.Instructions is { Length: > 0 } instructions)
            WriteMessage(json, "system", instructions);
        var tools = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var message in messages)
            WriteMessage(json, message, tools);
        json.WriteEndArray();
        OpenAiRequest.WriteTools(json, options.Tools);
    }

    // Models that only think or do not take any word for yes; those that cannot think refuse to be asked.
    private static void WriteThink(Utf8JsonWriter json, ReasoningEffort? effort)
    {
        if (effort == ReasoningEffort.None)
            json.WriteBoolean("think", false);
        else if (effort is { } asked)
            json.WriteString("think", asked == ReasoningEffort.ExtraHigh ? "high" : RequestJson.EffortWord(asked));
    }

    private static void WriteOptions(Utf8JsonWriter json, ChatOptions options, int? context)
    {
        json.WriteStartObject("options");
        if (context is { } tokens)
            json.WriteNumber("num_ctx", tokens);
        if (options.MaxOutputTokens is { } most)
            json.WriteNumber("num_predict", most);
        if (options.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        json.WriteEndObject();
    }

    /// <param name="tools">The tool of every call so far, by its id.</param>
    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message, Dictionary<string, string> tools)
    {
        if (message.Role == ChatRole.Tool)
        {
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
                WriteResult(json, result, tools.GetValueOrDefault(result.CallId));
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", message.Role == ChatRole.Assistant ? "assistant" : message.Role == ChatRole.System ? "system" : "user");
        // Newer texts follow older ones on a line of their own: a message has but one.
        json.WriteString("content", string.Join('\n', message.Contents.OfType<TextContent>().Select(t => t.Text)));
        if (string.Concat(message.Contents.OfType<TextReasoningContent>().Select(t => t.Text)) is { Length: > 0 } thoughts)
            json.WriteString("thinking", thoughts);
        WriteImages(json, message);
        WriteCalls(json, message, tools);
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, string content)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", content);
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result, string? tool)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", result.CallId);
        if (tool is not null)
            json.WriteString("tool_name", tool);
        json.WriteString("content", RequestJson.TextOf(result));
        json.WriteEndObject();
    }

    private static void WriteImages(Utf8JsonWriter json, ChatMessage message)
    {
        var images = message.Contents.OfType<DataContent>().Where(d => d.HasTopLevelMediaType("image")).ToList();
        if (images.Count == 0)
            return;

        json.WriteStartArray("images");
        foreach (var image in images)
            json.WriteBase64StringValue(image.Data.Span);
        json.WriteEndArray();
    }

    private static void WriteCalls(Utf8JsonWriter json, ChatMessage message, Dictionary<string, string> tools)
    {
        var calls = message.Contents.OfType<FunctionCallContent>().ToList();
        if (calls.Count == 0)
            return;

        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            tools[call.CallId] = call.Name;
            json.WriteStartObject();
            json.WriteString("id", call.CallId);
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WritePropertyName("arguments");
            ToolCalls.SendableArgumentsOf(call).WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
