using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as the Responses API takes it: a list of items, in which a thought, a text and a call are each one.</summary>
internal static class OpenAiResponsesRequest
{
    /// <param name="summaries">Whether thoughts are asked for in words.</param>
    public static BinaryData From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options, bool summaries) =>
        BinaryData.FromBytes(RequestJson.Write(model, json => Write(json, messages, options, Thinks(model), summaries)));

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions options, bool thinks, bool summaries)
    {
        json.WriteBoolean("store", false);
        if (options.Instructions is { Length: > 0 } instructions)
            json.WriteString("instructions", instructions);
        if (options.MaxOutputTokens is { } most)
            json.WriteNumber("max_output_tokens", most);
        if (thinks)
            WriteReasoning(json, summaries, options.Reasoning?.Effort);
        else if (options.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);

        json.WriteStartArray("input");
        foreach (var message in messages)
            WriteMessage(json, message);
        json.WriteEndArray();
        // Else every argument would have to be required.
        RequestJson.WriteTools(json, options.Tools, within: null, static json => json.WriteBoolean("strict", false));
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
            json.WriteString("effort", RequestJson.EffortWord(asked));
        json.WriteEndObject();
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
        RequestJson.WriteContents(json, message.Contents, "input_text", WriteImage, WriteFile);
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
                RequestJson.WriteText(json, "output_text", text.Text);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            // Without its seal the provider cannot know its thought again.
            case TextReasoningContent { ProtectedData: { } seal } thought:
                json.WriteStartObject();
                json.WriteString("type", "reasoning");
                json.WriteStartArray("summary");
                if (thought.Text.Length > 0)
                    RequestJson.WriteText(json, "summary_text", thought.Text);
                json.WriteEndArray();
                json.WriteString("encrypted_content", seal);
                json.WriteEndObject();
                break;
            case FunctionCallContent call:
                json.WriteStartObject();
                json.WriteString("type", "function_call");
                json.WriteString("call_id", call.CallId);
                json.WriteString("name", call.Name);
                RequestJson.WriteArguments(json, call);
                json.WriteEndObject();
                break;
            case FunctionResultContent result:
                json.WriteStartObject();
                json.WriteString("type", "function_call_output");
                json.WriteString("call_id", result.CallId);
                json.WriteString("output", RequestJson.TextOf(result));
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteImage(Utf8JsonWriter json, string url)
    {
        json.WriteStartObject();
        json.WriteString("type", "input_image");
        json.WriteString("image_url", url);
        json.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter json, DataContent file)
    {
        json.WriteStartObject();
        json.WriteString("type", "input_file");
        RequestJson.WriteFile(json, file);
        json.WriteEndObject();
    }
}
