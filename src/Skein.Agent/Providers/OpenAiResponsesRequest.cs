using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as the Responses API takes it: a list of items, in which a thought, a text and a call are each one.</summary>
internal static class OpenAiResponsesRequest
{
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="summaries">Whether thoughts are asked for in words.</param>
    public static BinaryData From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, bool summaries)
    {
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteBoolean("stream", true);
            json.WriteBoolean("store", false);
            if (options.Instructions is { Length: > 0 } instructions)
                json.WriteString("instructions", instructions);
            if (options.MaxOutputTokens is { } most)
                json.WriteNumber("max_output_tokens", most);
            if (Thinks(model))
                WriteReasoning(json, summaries, options.Reasoning?.Effort);
            else if (options.Temperature is { } temperature)
                json.WriteNumber("temperature", temperature);

            json.WriteStartArray("input");
            foreach (var message in messages)
                WriteMessage(json, message);
            json.WriteEndArray();
            if (options.Tools is { Count: > 0 } tools)
                WriteTools(json, tools);
            json.WriteEndObject();
        }

        return BinaryData.FromBytes(buffer.WrittenMemory);
    }

    // Models that do not think refuse to be asked for thoughts. Those of the maker are the old ones and those named chat.
    private static bool Thinks(string model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        return !name.StartsWith("gpt-3", StringComparison.Ordinal) && !name.StartsWith("gpt-4", StringComparison.Ordinal) && !name.Contains("chat", StringComparison.Ordinal);
    }

    private static void WriteReasoning(Utf8JsonWriter json, bool summaries, ReasoningEffort? effort)
    {
        json.WriteStartArray("include");
        json.WriteStringValue("reasoning.encrypted_content");
        json.WriteEndArray();
        if (!summaries && effort is null)
            return;

        json.WriteStartObject("reasoning");
        if (summaries)
            json.WriteString("summary", "auto");
        if (effort is { } asked)
            json.WriteString("effort", OpenAiRequest.EffortWord(asked));
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, IList<AITool> tools)
    {
        json.WriteStartArray("tools");
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            // Else every argument would have to be required.
            json.WriteBoolean("strict", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Role == ChatRole.Assistant || message.Role == ChatRole.Tool)
        {
            foreach (var content in message.Contents)
                WriteItem(json, content);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "message");
        json.WriteString("role", message.Role == ChatRole.System ? "system" : "user");
        json.WriteStartArray("content");
        foreach (var content in message.Contents)
            WriteContent(json, content);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteItem(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                json.WriteStartObject();
                json.WriteString("type", "message");
                json.WriteString("role", "assistant");
                json.WriteStartArray("content");
                WriteText(json, "output_text", text.Text);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            // Without its seal the provider cannot know its thought again.
            case TextReasoningContent { ProtectedData: { } seal } thought:
                json.WriteStartObject();
                json.WriteString("type", "reasoning");
                json.WriteStartArray("summary");
                if (thought.Text.Length > 0)
                    WriteText(json, "summary_text", thought.Text);
                json.WriteEndArray();
                json.WriteString("encrypted_content", seal);
                json.WriteEndObject();
                break;
            case FunctionCallContent call:
                json.WriteStartObject();
                json.WriteString("type", "function_call");
                json.WriteString("call_id", call.CallId);
                json.WriteString("name", call.Name);
                json.WriteString("arguments", ToolCalls.SendableArgumentsOf(call).GetRawText());
                json.WriteEndObject();
                break;
            case FunctionResultContent result:
                json.WriteStartObject();
                json.WriteString("type", "function_call_output");
                json.WriteString("call_id", result.CallId);
                json.WriteString("output", result.Result as string ?? "");
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteContent(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                WriteText(json, "input_text", text.Text);
                break;
            case DataContent data when data.HasTopLevelMediaType("image"):
                WriteImage(json, data.Uri);
                break;
            case UriContent uri when uri.HasTopLevelMediaType("image"):
                WriteImage(json, uri.Uri.AbsoluteUri);
                break;
            case DataContent data:
                json.WriteStartObject();
                json.WriteString("type", "input_file");
                json.WriteString("filename", data.Name ?? "file");
                json.WriteString("file_data", data.Uri);
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter json, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, string url)
    {
        json.WriteStartObject();
        json.WriteString("type", "input_image");
        json.WriteString("image_url", url);
        json.WriteEndObject();
    }
}
