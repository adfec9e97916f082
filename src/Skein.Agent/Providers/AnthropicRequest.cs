using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>A request as the Messages API takes it.</summary>
internal static partial class AnthropicRequest
{
    /// <summary>Marks the proof of thoughts that the provider keeps to itself, which has a block of its own.</summary>
    public const string Redacted = "redacted_thinking:";

    // The API wants a limit. Every current model can say as much, and none is made to.
    private const int MostTokens = 32_000;

    // The API refuses less.
    private const int LeastBudget = 1024;

    public static ReadOnlyMemory<byte> From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        RequestJson.Write(model, json => Write(json, messages, options));

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        var most = options.MaxOutputTokens ?? MostTokens;
        json.WriteNumber("max_tokens", most);
        if (options.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        if (options.Reasoning?.Effort is { } effort and not ReasoningEffort.None)
            WriteThinking(json, effort, options.AdditionalProperties?.ContainsKey(Model.ThinksByBudget) == true ? most : null);
        if (options.Instructions is { Length: > 0 } instructions)
        {
            json.WriteStartArray("system");
            WriteText(json, instructions, cached: true);
            json.WriteEndArray();
        }

        WriteTools(json, options.Tools);
        json.WriteStartArray("messages");
        WriteMessages(json, messages);
        json.WriteEndArray();
    }

    /// <param name="mostByBudget">The answer's limit, of a model that is given a number of tokens to think; null: it is given a word.</param>
    private static void WriteThinking(Utf8JsonWriter json, ReasoningEffort effort, int? mostByBudget)
    {
        if (mostByBudget is not { } most)
        {
            json.WriteStartObject("thinking");
            json.WriteString("type", "adaptive");
            json.WriteEndObject();
            json.WriteStartObject("output_config");
            json.WriteString("effort", effort == ReasoningEffort.ExtraHigh ? "max" : RequestJson.EffortWord(effort));
            json.WriteEndObject();
            return;
        }

        // Thoughts count into the limit of the answer, and something must be left to be said.
        var wanted = effort switch { ReasoningEffort.Low => 4_000, ReasoningEffort.Medium => 10_000, ReasoningEffort.High => 20_000, _ => 48_000 };
        var budget = Math.Min(wanted, (int)(most * 3L / 4));
        if (budget < LeastBudget)
            return;
        json.WriteStartObject("thinking");
        json.WriteString("type", "enabled");
        json.WriteNumber("budget_tokens", budget);
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, IList<AITool>? tools)
    {
        if (tools is not { Count: > 0 })
            return;

        json.WriteStartArray("tools");
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("input_schema");
            tool.JsonSchema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMessages(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        // What is marked, and all before it, is read from the cache at the next step.
        var last = messages.Count - 1;
        while (last >= 0 && messages[last].Role == ChatRole.Assistant)
            last--;

        var isFirst = true;
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (!message.Contents.Any(c => IsSent(c)))
                continue;

            var assistant = message.Role == ChatRole.Assistant;

            // A conversation begins with a person; one that was imported may not.
            if (isFirst && assistant)
            {
                json.WriteStartObject();
                json.WriteString("role", "user");
                json.WriteString("content", "…");
                json.WriteEndObject();
            }

            isFirst = false;
            json.WriteStartObject();
            json.WriteString("role", assistant ? "assistant" : "user");
            json.WriteStartArray("content");
            for (var k = 0; k < message.Contents.Count; k++)
                if (IsSent(message.Contents[k]))
                    WriteBlock(json, message.Role, message.Contents[k], cached: i == last && k == message.Contents.Count - 1);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static bool IsSent(AIContent content) => content switch
    {
        // The API refuses blank text.
        TextContent text => !string.IsNullOrWhiteSpace(text.Text),
        TextReasoningContent reasoning => reasoning.ProtectedData is { Length: > 0 },
        DataContent data => data.HasTopLevelMediaType("image") || data.MediaType == "application/pdf",
        UriContent uri => uri.HasTopLevelMediaType("image"),
        _ => content is FunctionCallContent or FunctionResultContent,
    };

    private static void WriteBlock(Utf8JsonWriter json, ChatRole role, AIContent content, bool cached)
    {
        switch (content)
        {
            case TextContent { Text: var text }:
                WriteText(json, role == ChatRole.System ? $"<system>\n{text}\n</system>" : text, cached);
                break;
            case TextReasoningContent reasoning:
                WriteThought(json, reasoning.Text, reasoning.ProtectedData!);
                break;
            case FunctionCallContent call:
                WriteStart(json, "tool_use");
                json.WriteString("id", Id(call.CallId));
                json.WriteString("name", call.Name);
                json.WritePropertyName("input");
                ToolCalls.SendableArgumentsOf(call).WriteTo(json);
                json.WriteEndObject();
                break;
            case FunctionResultContent result:
                WriteStart(json, "tool_result");
                json.WriteString("tool_use_id", Id(result.CallId));
                json.WriteString("content", RequestJson.TextOf(result));
                if (result.Exception is not null)
                    json.WriteBoolean("is_error", true);
                WriteEnd(json, cached);
                break;
            case DataContent data:
                WriteStart(json, data.HasTopLevelMediaType("image") ? "image" : "document");
                json.WriteStartObject("source");
                json.WriteString("type", "base64");
                json.WriteString("media_type", data.MediaType);
                json.WriteString("data", data.Base64Data.Span);
                json.WriteEndObject();
                WriteEnd(json, cached);
                break;
            case UriContent uri:
                WriteStart(json, "image");
                json.WriteStartObject("source");
                json.WriteString("type", "url");
                json.WriteString("url", uri.Uri.AbsoluteUri);
                json.WriteEndObject();
                WriteEnd(json, cached);
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter json, string text, bool cached)
    {
        WriteStart(json, "text");
        json.WriteString("text", text);
        WriteEnd(json, cached);
    }

    private static void WriteThought(Utf8JsonWriter json, string text, string proof)
    {
        if (proof.StartsWith(Redacted, StringComparison.Ordinal))
        {
            WriteStart(json, "redacted_thinking");
            json.WriteString("data", proof[Redacted.Length..]);
        }
        else
        {
            WriteStart(json, "thinking");
            json.WriteString("thinking", text);
            json.WriteString("signature", proof);
        }

        json.WriteEndObject();
    }

    private static void WriteStart(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
    }

    private static void WriteEnd(Utf8JsonWriter json, bool cached)
    {
        if (cached)
        {
            json.WriteStartObject("cache_control");
            json.WriteString("type", "ephemeral");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    // A session that began with another provider has ids that this one refuses.
    private static string Id(string callId) => NotInIds().Replace(callId, "_");

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex NotInIds();
}
