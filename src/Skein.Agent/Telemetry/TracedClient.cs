using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Skein.Agent.Providers;
using Skein.Core;

namespace Skein.Agent.Telemetry;

/// <summary>A model's client whose calls are traced and counted.</summary>
internal sealed class TracedClient(IChatClient inner, string provider, string model, AgentTelemetry telemetry) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var sent = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var conversation = Activity.Current?.GetTagItem("gen_ai.conversation.id");
        using var span = telemetry.Start("chat", model, ActivityKind.Client);
        span?.SetTag("gen_ai.provider.name", provider).SetTag("gen_ai.request.model", model).SetTag("gen_ai.conversation.id", conversation)
            .SetTag("gen_ai.request.max_tokens", options?.MaxOutputTokens).SetTag("gen_ai.request.temperature", options?.Temperature);
        if (telemetry.TellsContent && span is not null)
            span.SetTag("gen_ai.system_instructions", options?.Instructions).SetTag("gen_ai.input.messages", SaidInWords.Of(sent));

        var began = Stopwatch.GetTimestamp();
        var said = telemetry.TellsContent ? new List<ChatResponseUpdate>() : null;
        var usage = default(Usage);
        var finish = default(ChatFinishReason?);
        var error = "cancelled";
        await using var updates = inner.GetStreamingResponseAsync(sent, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                        break;
                }
                catch (ModelException e)
                {
                    error = AgentTelemetry.Word(e.Kind);
                    AgentTelemetry.Fail(span, error, telemetry.TellsContent ? e.Message : null);
                    throw;
                }

                usage = updates.Current.Contents.OfType<UsageContent>().Aggregate(usage, TokenCounts.Plus);
                finish = updates.Current.FinishReason ?? finish;
                said?.Add(updates.Current);
                yield return updates.Current;
            }

            error = null;
        }
        finally
        {
            if (usage is not null)
                span?.SetTag("gen_ai.usage.input_tokens", usage.Input + usage.CacheRead + usage.CacheWrite).SetTag("gen_ai.usage.output_tokens", usage.Output + usage.Reasoning)
                    .SetTag("gen_ai.usage.cache_read.input_tokens", usage.CacheRead).SetTag("gen_ai.usage.cache_creation.input_tokens", usage.CacheWrite);
            if (finish is { } reason)
                span?.SetTag("gen_ai.response.finish_reasons", new[] { reason.Value });
            if (said is not null && span is not null)
                span.SetTag("gen_ai.output.messages", SaidInWords.Of(said.ToChatResponse().Messages));
            if (error == "cancelled")
                AgentTelemetry.Fail(span, error, null);
            telemetry.CountCall(provider, model, Stopwatch.GetElapsedTime(began), usage, error);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => inner.GetService(serviceType, serviceKey);

    // The catalog's, as the client inside.
    public void Dispose() { }
}

/// <summary>Messages as the conventions have them in JSON.</summary>
internal static class SaidInWords
{
    public static string Of(IEnumerable<ChatMessage> messages) => new JsonArray([.. messages.Select(static m => new JsonObject
    {
        ["role"] = m.Role.Value,
        ["parts"] = new JsonArray([.. m.Contents.Select(Part).OfType<JsonObject>()]),
    })]).ToJsonString();

    private static JsonObject? Part(AIContent content) => content switch
    {
        TextContent text => new() { ["type"] = "text", ["content"] = text.Text },
        TextReasoningContent thought => new() { ["type"] = "reasoning", ["content"] = thought.Text },
        FunctionCallContent call => new() { ["type"] = "tool_call", ["id"] = call.CallId, ["name"] = call.Name, ["arguments"] = JsonNode.Parse(ToolCalls.ArgumentsOf(call).GetRawText()) },
        FunctionResultContent result => new() { ["type"] = "tool_call_response", ["id"] = result.CallId, ["response"] = result.Result as string },
        _ => null,
    };
}
