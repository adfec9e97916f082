using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as Chat Completions takes it.</summary>
internal static class OpenAiRequest
{
    /// <summary>What OpenAI calls the limit of an answer, and what all others do.</summary>
    public static string LimitName(string provider) => provider == "openai" ? "max_completion_tokens" : "max_tokens";

    public static BinaryData From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, string limitName) =>
        BinaryData.FromBytes(RequestJson.Write(model, json => Write(json, messages, options, limitName)));

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions options, string limitName)
    {
        json.WriteStartObject("stream_options");
        json.WriteBoolean("include_usage", true);
        json.WriteEndObject();
        if (options.MaxOutputTokens is { } most)
            json.WriteNumber(limitName, most);
        if (options.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        if (options.Reasoning?.Effort is { } effort)
            json.WriteString("reasoning_effort", RequestJson.EffortWord(effort));

        json.WriteStartArray("messages");
        if (options.Instructions is { Length: > 0 } instructions)
            WriteText(json, "system", instructions);
        foreach (var message in messages)
            WriteMessage(json, message);
        json.WriteEndArray();
        WriteTools(json, options.Tools);
    }

    public static void WriteTools(Utf8JsonWriter json, IList<AITool>? tools) => RequestJson.WriteTools(json, tools, within: "function");

    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Role == ChatRole.Tool)
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
                WriteResult(json, result);
        else if (message.Role == ChatRole.Assistant)
            WriteAssistant(json, message);
        else if (message.Contents.All(c => c is TextContent))
            WriteText(json, message.Role == ChatRole.System ? "system" : "user", message.Text);
        else
            WriteUser(json, message);
    }

    private static void WriteText(Utf8JsonWriter json, string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", result.CallId);
        json.WriteString("content", RequestJson.TextOf(result));
        json.WriteEndObject();
    }

    // Reasoning is not sent back: the API has no place for it, and servers that have one fill it themselves.
    private static void WriteAssistant(Utf8JsonWriter json, ChatMessage message)
    {
        var text = message.Text;
        var calls = message.Contents.OfType<FunctionCallContent>().ToList();
        if (text.Length == 0 && calls.Count == 0)
            return;

        json.WriteStartObject();
        json.WriteString("role", "assistant");
        // Some servers' templates cannot do without the property, others with an empty one.
        if (text.Length > 0)
            json.WriteString("content", text);
        else
            json.WriteNull("content");
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls)
                WriteCall(json, call);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, FunctionCallContent call)
    {
        json.WriteStartObject();
        json.WriteString("id", call.CallId);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        RequestJson.WriteArguments(json, call);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, ChatMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        RequestJson.WriteContents(json, message.Contents, "text", WriteImage, WriteFile);
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, string url)
    {
        json.WriteStartObject();
        json.WriteString("type", "image_url");
        json.WriteStartObject("image_url");
        json.WriteString("url", url);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter json, DataContent file)
    {
        json.WriteStartObject();
        json.WriteString("type", "file");
        json.WriteStartObject("file");
        RequestJson.WriteFile(json, file);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
