using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Anthropic.Models.Messages;
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

    // What is marked, and all before it, is read from the cache at the next step.
    private static readonly CacheControlEphemeral s_cached = new();

    public static MessageCreateParams From(string model, IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        var request = new MessageCreateParams
        {
            Model = model,
            MaxTokens = options.MaxOutputTokens ?? MostTokens,
            Messages = Messages(messages),
        };
        if (options.Instructions is { Length: > 0 } instructions)
            request = request with { System = new List<TextBlockParam> { new(instructions) { CacheControl = s_cached } } };
        if (options.Tools is { Count: > 0 } tools)
            request = request with { Tools = [.. tools.OfType<AIFunctionDeclaration>().Select(Tool)] };
        if (options.Reasoning?.Effort is { } effort and not ReasoningEffort.None)
            request = Thinking(request, effort, options.AdditionalProperties?.ContainsKey(Model.ThinksByBudget) == true);
        return options.Temperature is { } temperature ? Warm(request, temperature) : request;
    }

    private static MessageCreateParams Thinking(MessageCreateParams request, ReasoningEffort effort, bool byBudget)
    {
        if (!byBudget)
        {
            var word = effort switch { ReasoningEffort.Low => Effort.Low, ReasoningEffort.Medium => Effort.Medium, ReasoningEffort.High => Effort.High, _ => Effort.Max };
            return request with { Thinking = new ThinkingConfigAdaptive(), OutputConfig = new OutputConfig { Effort = word } };
        }

        // Thoughts count into the limit of the answer, and something must be left to be said.
        var wanted = effort switch { ReasoningEffort.Low => 4_000, ReasoningEffort.Medium => 10_000, ReasoningEffort.High => 20_000, _ => 48_000 };
        var budget = Math.Min(wanted, request.MaxTokens * 3 / 4);
        return budget < LeastBudget ? request : request with { Thinking = new ThinkingConfigEnabled(budget) };
    }

    // The package knows the newest models alone, which take none.
    private static MessageCreateParams Warm(MessageCreateParams request, float temperature) => MessageCreateParams.FromRawUnchecked(
        request.RawHeaderData, request.RawQueryData,
        new Dictionary<string, JsonElement>(request.RawBodyData) { ["temperature"] = JsonElement.Parse(temperature.ToString(CultureInfo.InvariantCulture)) });

    private static ToolUnion Tool(AIFunctionDeclaration tool) => new Tool
    {
        Name = tool.Name,
        Description = tool.Description,
        InputSchema = InputSchema.FromRawUnchecked(tool.JsonSchema.EnumerateObject().ToDictionary(p => p.Name, p => p.Value)),
    };

    private static List<MessageParam> Messages(IReadOnlyList<ChatMessage> messages)
    {
        var last = messages.Count - 1;
        while (last >= 0 && messages[last].Role == ChatRole.Assistant)
            last--;

        var sent = new List<MessageParam>();
        for (var i = 0; i < messages.Count; i++)
        {
            var assistant = messages[i].Role == ChatRole.Assistant;
            var blocks = Blocks(messages[i], cached: i == last);
            if (blocks.Count == 0)
                continue;

            // A conversation begins with a person; one that was imported may not.
            if (sent.Count == 0 && assistant)
                sent.Add(new UserMessageParam("…"));
            sent.Add(assistant ? new AssistantMessageParam(blocks) : new UserMessageParam(blocks));
        }

        return sent;
    }

    private static List<ContentBlockParam> Blocks(ChatMessage message, bool cached)
    {
        var blocks = new List<ContentBlockParam>(message.Contents.Count);
        for (var i = 0; i < message.Contents.Count; i++)
            if (Block(message, message.Contents[i], cached && i == message.Contents.Count - 1 ? s_cached : null) is { } block)
                blocks.Add(block);
        return blocks;
    }

    private static ContentBlockParam? Block(ChatMessage message, AIContent content, CacheControlEphemeral? cache) => content switch
    {
        // The API refuses blank text.
        TextContent { Text: var text } => string.IsNullOrWhiteSpace(text) ? null : Text(message.Role == ChatRole.System ? $"<system>\n{text}\n</system>" : text, cache),
        TextReasoningContent { ProtectedData: { Length: > 0 } proof } reasoning => Thinking(reasoning.Text, proof),
        FunctionCallContent call => new ToolUseBlockParam
        {
            ID = Id(call.CallId),
            Name = call.Name,
            Input = ToolCalls.SendableArgumentsOf(call).EnumerateObject().ToDictionary(p => p.Name, p => p.Value),
        },
        FunctionResultContent result => Result(result, cache),
        DataContent data when data.HasTopLevelMediaType("image") => Image(new Base64ImageSource { Data = data.Base64Data.ToString(), MediaType = data.MediaType }, cache),
        DataContent { MediaType: "application/pdf" } data => Pdf(data, cache),
        UriContent uri when uri.HasTopLevelMediaType("image") => Image(new UrlImageSource(uri.Uri.AbsoluteUri), cache),
        _ => null,
    };

    // A property that is set to null would be sent as null.
    private static ContentBlockParam Text(string text, CacheControlEphemeral? cache) =>
        cache is null ? new TextBlockParam(text) : new TextBlockParam(text) { CacheControl = cache };

    private static ContentBlockParam Image(ImageBlockParamSource source, CacheControlEphemeral? cache) =>
        cache is null ? new ImageBlockParam(source) : new ImageBlockParam(source) { CacheControl = cache };

    private static ContentBlockParam Pdf(DataContent data, CacheControlEphemeral? cache)
    {
        var source = new Base64PdfSource(data.Base64Data.ToString());
        return cache is null ? new DocumentBlockParam(source) : new DocumentBlockParam(source) { CacheControl = cache };
    }

    private static ContentBlockParam Thinking(string text, string proof) => proof.StartsWith(Redacted, StringComparison.Ordinal)
        ? new RedactedThinkingBlockParam(proof[Redacted.Length..])
        : new ThinkingBlockParam { Thinking = text, Signature = proof };

    private static ContentBlockParam Result(FunctionResultContent result, CacheControlEphemeral? cache)
    {
        var block = new ToolResultBlockParam(Id(result.CallId)) { Content = result.Result as string ?? "" };
        if (result.Exception is not null)
            block = block with { IsError = true };
        return cache is null ? block : block with { CacheControl = cache };
    }

    // A session that began with another provider has ids that this one refuses.
    private static string Id(string callId) => NotInIds().Replace(callId, "_");

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex NotInIds();
}
