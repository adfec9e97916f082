using System.Runtime.CompilerServices;
using System.Text.Json;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>
/// Anthropic's Messages API through its package. The adapter is ours and not the package's <c>AsIChatClient</c>, which shows a tool call
/// only when it is complete; followers see the arguments arrive.
/// </summary>
internal sealed class AnthropicModel : ModelClient
{
    private readonly AnthropicClient _client;
    private readonly string _model;
    private readonly ModelErrors _errors;

    /// <param name="baseUrl">With or without <c>/v1</c>, which the package adds.</param>
    public AnthropicModel(string model, string baseUrl, string apiKey, HttpClient http, ModelErrors errors)
    {
        _model = model;
        _errors = errors;
        _client = new AnthropicClient(new ClientOptions
        {
            HttpClient = http,
            BaseUrl = baseUrl,
            ApiKey = apiKey,
            MaxRetries = 0,
            // The package's limit counts the whole answer; ours (WatchedStream) counts silence.
            Timeout = TimeSpan.FromDays(1),
        });
    }

    protected override async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = AnthropicRequest.From(_model, messages, options);
        var answer = new Answer();
        await foreach (var e in _client.Messages.CreateStreaming(request, cancellationToken))
            if (answer.Read(e) is { } update)
                yield return update;

        yield return answer.End() ?? throw _errors.Broken("the stream ended before the answer did.");
    }

    protected override ModelException Explain(Exception exception) => exception switch
    {
        // The error event of a stream: {"type":"error","error":{"type":"overloaded_error","message":…}}.
        AnthropicSseException { Body.ValueKind: JsonValueKind.Object } e => _errors.FromStream(e.Body),
        HttpRequestException or IOException or AnthropicIOException => _errors.Broken(exception.Message, exception),
        _ => _errors.Garbage(exception.Message, exception),
    };

    /// <summary>What has come of one answer.</summary>
    private sealed class Answer
    {
        private readonly Dictionary<long, ToolCalls.Growing> _calls = [];
        private StopReason? _stop;
        private long _input, _output, _thinking, _cacheRead, _cacheWrite;
        private Core.Usage _told = new();
        private bool _ended;

        public ChatResponseUpdate? Read(RawMessageStreamEvent e)
        {
            if (e.TryPickContentBlockDelta(out var delta))
                return Update(Delta(delta));
            if (e.TryPickContentBlockStart(out var start))
                return Update(Start(start));
            if (e.TryPickContentBlockStop(out var stop))
                return Update(_calls.Remove(stop.Index, out var call) ? call.Finish() : null);
            if (e.TryPickStart(out var message))
                return Update(Count(message.Message.Usage));
            if (e.TryPickDelta(out var end))
                Count(end);
            else if (e.TryPickStop(out _))
                _ended = true;
            // Kinds of events that are new are passed over; what is no event is not.
            else if (e.Json.ValueKind != JsonValueKind.Object)
                throw new JsonException("an event that is no JSON object");
            return null;
        }

        /// <summary>Null when the answer has not ended.</summary>
        public ChatResponseUpdate? End() => !_ended ? null : new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = Finish(),
            Contents = [new UsageContent(TokenCounts.ToDetails(
                new Core.Usage(More(_input, _told.Input), More(_output, _thinking), _thinking, More(_cacheRead, _told.CacheRead), More(_cacheWrite, _told.CacheWrite))))],
        };

        private AIContent? Start(RawContentBlockStartEvent e)
        {
            if (e.ContentBlock.TryPickToolUse(out var use))
            {
                var call = _calls[e.Index] = new ToolCalls.Growing(use.ID, use.Name);
                return call.Add("");
            }

            if (e.ContentBlock.TryPickRedactedThinking(out var redacted))
                return new TextReasoningContent("") { ProtectedData = AnthropicRequest.Redacted + redacted.Data };
            if (e.ContentBlock.TryPickThinking(out var thinking) && (thinking.Thinking.Length > 0 || thinking.Signature.Length > 0))
                return new TextReasoningContent(thinking.Thinking) { ProtectedData = thinking.Signature is { Length: > 0 } s ? s : null };
            return e.ContentBlock.TryPickText(out var text) && text.Text.Length > 0 ? new TextContent(text.Text) : null;
        }

        private AIContent? Delta(RawContentBlockDeltaEvent e)
        {
            if (e.Delta.TryPickText(out var text))
                return new TextContent(text.Text);
            if (e.Delta.TryPickThinking(out var thinking))
                return new TextReasoningContent(thinking.Thinking);
            if (e.Delta.TryPickSignature(out var signature))
                return new TextReasoningContent("") { ProtectedData = signature.Signature };
            return e.Delta.TryPickInputJson(out var input) && _calls.TryGetValue(e.Index, out var call) ? call.Add(input.PartialJson) : null;
        }

        // Told at once, since an answer that breaks off was read all the same; what the end tells beyond that is added.
        private UsageContent Count(Usage usage)
        {
            _input = usage.InputTokens;
            _output = usage.OutputTokens;
            _cacheRead = usage.CacheReadInputTokens ?? 0;
            _cacheWrite = usage.CacheCreationInputTokens ?? 0;
            _told = new Core.Usage(_input, 0, 0, _cacheRead, _cacheWrite);
            return new UsageContent(TokenCounts.ToDetails(_told));
        }

        private static long More(long all, long told) => Math.Max(0, all - told);

        // The counts of the end are totals, and replace those of the beginning where they are given.
        private void Count(RawMessageDeltaEvent e)
        {
            _stop = e.Delta.StopReason?.Value() ?? _stop;
            _input = e.Usage.InputTokens ?? _input;
            _output = e.Usage.OutputTokens;
            _thinking = e.Usage.OutputTokensDetails?.ThinkingTokens ?? 0;
            _cacheRead = e.Usage.CacheReadInputTokens ?? _cacheRead;
            _cacheWrite = e.Usage.CacheCreationInputTokens ?? _cacheWrite;
        }

        private ChatFinishReason Finish() => _stop switch
        {
            StopReason.ToolUse => ChatFinishReason.ToolCalls,
            StopReason.MaxTokens or StopReason.ModelContextWindowExceeded => ChatFinishReason.Length,
            StopReason.Refusal => ChatFinishReason.ContentFilter,
            _ => ChatFinishReason.Stop,
        };

        private static ChatResponseUpdate? Update(AIContent? content) =>
            content is null ? null : new ChatResponseUpdate(ChatRole.Assistant, [content]);
    }
}
