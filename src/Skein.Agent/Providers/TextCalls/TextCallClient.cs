using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>
/// A model that calls tools in its text: because the prompt teaches it so, or though its API has a place for calls. Its calls leave this
/// client as those of any other, and its thoughts between tags as thoughts.
/// </summary>
internal sealed class TextCallClient : IChatClient
{
    private static readonly string[] s_refusals =
    [
        "does not support tools", "does not support tool", "not support tool use", "support tool use", "tools are not supported", "tool calling is not supported",
        "does not support function", "function calling is not supported", "tools param requires", "enable-auto-tool-choice",
    ];

    private readonly IChatClient _inner;
    private readonly ToolCalling? _calling;
    private readonly ModelLessons _learned;

    private TextCallClient(IChatClient inner, ToolCalling? calling, ModelLessons learned) => (_inner, _calling, _learned) = (inner, calling, learned);

    /// <summary>Nobody said how its model calls tools: it may be taught.</summary>
    public bool CanBeTaught => _calling is null;

    private bool IsTaught => _calling == ToolCalling.Prompt || (_calling is null && _learned.RefusesTools);

    /// <param name="calling">What is known of the model; null: nothing.</param>
    /// <param name="mayWriteCalls">Whether its text may hold calls though it has a place for them.</param>
    public static IChatClient Around(IChatClient client, ToolCalling? calling, ModelLessons learned, bool mayWriteCalls) =>
        mayWriteCalls || calling == ToolCalling.Prompt ? new TextCallClient(client, calling, learned) : client;

    /// <summary>Whether a provider says that its model takes no tools.</summary>
    public static bool IsRefusalOfTools(string message) => s_refusals.Any(r => message.Contains(r, StringComparison.OrdinalIgnoreCase));

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var tools = options?.Tools?.OfType<AIFunctionDeclaration>().ToList() ?? [];
        var isTaught = IsTaught && tools.Count > 0;
        if (isTaught)
            (messages, options) = TaughtRequest.From(messages, options!, tools);

        var answer = new TextCallAnswer(new AnswerText(new ToolNames(tools), isTaught), isTaught);
        await foreach (var update in _inner.GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            update.Contents = answer.Read(update.Contents);
            yield return update;
        }

        if (answer.End() is { Count: > 0 } rest)
            yield return new ChatResponseUpdate(ChatRole.Assistant, rest);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(TextCallClient) ? this : _inner.GetService(serviceType, serviceKey);

    // The catalog's, as the client inside.
    public void Dispose() { }
}

/// <summary>One answer, with its calls.</summary>
internal sealed class TextCallAnswer(AnswerText text, bool isTaught)
{
    private readonly List<FunctionCallContent> _native = [];
    private readonly List<FunctionCallContent> _recovered = [];
    private int _calls;

    public List<AIContent> Read(IList<AIContent> contents)
    {
        var said = new List<AIContent>(contents.Count);
        foreach (var content in contents)
        {
            switch (content)
            {
                case TextContent piece:
                    text.Add(piece.Text, said);
                    break;
                case TextReasoningContent thought:
                    text.AddThought(thought.Text);
                    said.Add(thought);
                    break;
                case FunctionCallContent call:
                    text.Break(said);
                    _native.Add(call);
                    said.Add(call);
                    break;
                case ToolCallPiece:
                    text.Break(said);
                    said.Add(content);
                    break;
                default:
                    said.Add(content);
                    break;
            }
        }

        return Made(said);
    }

    public List<AIContent> End()
    {
        var said = new List<AIContent>();
        text.End(said);
        said = Made(said);

        // Some servers tell a call in their API's place and leave it in the text.
        said.AddRange(_recovered.Where(r => !_native.Any(n => n.Name == r.Name && JsonElement.DeepEquals(ToolCalls.ArgumentsOf(n), ToolCalls.ArgumentsOf(r)))));
        return said;
    }

    private List<AIContent> Made(List<AIContent> said)
    {
        for (var i = 0; i < said.Count; i++)
        {
            if (said[i] is not TextCallContent { Call: var written })
                continue;

            var call = ToolCalls.From($"call_{++_calls}", written.Tool ?? TextCall.Nameless, written.ToElement());
            if (isTaught)
                said[i] = call;
            else
            {
                _recovered.Add(call);
                said.RemoveAt(i--);
            }
        }

        return said;
    }
}
