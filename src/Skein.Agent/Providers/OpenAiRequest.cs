using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as Chat Completions takes it.</summary>
internal static class OpenAiRequest
{
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What OpenAI calls the limit of an answer, and what all others do.</summary>
    public static string LimitName(string provider) => provider == "openai" ? "max_completion_tokens" : "max_tokens";

    public static BinaryData From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, string limitName)
    {
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using (var writer = new Utf8JsonWriter(buffer, s_plain))
            Write(writer, model, messages, options, limitName);
        return BinaryData.FromBytes(buffer.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter json, string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, string limitName)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteBoolean("stream", true);
        json.WriteStartObject("stream_options");
        json.WriteBoolean("include_usage", true);
        json.WriteEndObject();
        if (options.MaxOutputTokens is { } most)
            json.WriteNumber(limitName, most);
        if (options.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        if (options.Reasoning?.Effort is { } effort)
            json.WriteString("reasoning_effort", EffortWord(effort));

        json.WriteStartArray("messages");
        if (options.Instructions is { Length: > 0 } instructions)
            WriteText(json, "system", instructions);
        foreach (var message in messages)
            WriteMessage(json, message);
        json.WriteEndArray();

        if (options.Tools is { Count: > 0 } tools)
            WriteTools(json, tools);
        json.WriteEndObject();
    }

    /// <summary>OpenAI's word for it.</summary>
    public static string EffortWord(ReasoningEffort effort) => effort switch
    {
        ReasoningEffort.None => "none",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High => "high",
        _ => "xhigh",
    };

    public static void WriteTools(Utf8JsonWriter json, IList<AITool> tools)
    {
        json.WriteStartArray("tools");
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

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
        json.WriteString("content", result.Result as string ?? "");
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
        json.WriteString("arguments", ToolCalls.SendableArgumentsOf(call).GetRawText());
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, ChatMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        foreach (var content in message.Contents)
            WriteContent(json, content);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                json.WriteStartObject();
                json.WriteString("type", "text");
                json.WriteString("text", text.Text);
                json.WriteEndObject();
                break;
            case DataContent data when data.HasTopLevelMediaType("image"):
                WriteImage(json, data.Uri);
                break;
            case UriContent uri when uri.HasTopLevelMediaType("image"):
                WriteImage(json, uri.Uri.AbsoluteUri);
                break;
            case DataContent data:
                json.WriteStartObject();
                json.WriteString("type", "file");
                json.WriteStartObject("file");
                json.WriteString("filename", data.Name ?? "file");
                json.WriteString("file_data", data.Uri);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
        }
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
}
