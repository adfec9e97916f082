using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>Plays a <see cref="Script"/>. It has no state: the conversation tells where it is.</summary>
internal sealed class ScriptedModel(string name, Script script, TimeProvider time) : ModelClient
{
    // Roughly what an English text has; a made-up number had better look like one.
    private const int CharactersPerToken = 4;

    protected override async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = messages.Count(m => m.Role == ChatRole.Assistant);
        if (number >= script.Steps.Count)
            throw new ModelException(FailureKind.BadRequest, $"The script {name} has {script.Steps.Count} steps; this is call {number + 1}.");

        var step = script.Steps[number];
        var said = 0;
        var calls = 0;
        foreach (var part in step.Parts)
        {
            if (part is ScriptCall call)
            {
                var id = $"call_{number + 1}_{++calls}";
                var arguments = call.Arguments.ValueKind == JsonValueKind.String ? call.Arguments.GetString()! : call.Arguments.GetRawText();
                var growing = new ToolCalls.Growing(id, call.Tool);
                yield return Update(growing.Add(arguments));
                yield return Update(growing.Finish());
                said += arguments.Length;
                continue;
            }

            var (text, chunk, delay) = part switch
            {
                ScriptText t => (t.Text, t.Chunk, t.DelayMs),
                ScriptReasoning r => (r.Text, r.Chunk, r.DelayMs),
                _ => throw new InvalidOperationException($"A script has no {part.GetType().Name}."),
            };
            said += text.Length;
            foreach (var piece in Pieces(text, chunk))
            {
                if (delay > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(delay), time, cancellationToken);
                yield return Update(part is ScriptReasoning ? new TextReasoningContent(piece) : new TextContent(piece));
            }
        }

        if (step.Error is { } error)
            throw new ModelException(error.Kind, error.Message);

        var read = messages.Sum(m => m.Contents.Sum(Length));
        yield return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = calls > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Contents = [new UsageContent(TokenCounts.ToDetails(new Usage(read / CharactersPerToken, said / CharactersPerToken)))],
        };
    }

    protected override ModelException Explain(Exception exception) =>
        new(FailureKind.Internal, $"The script {name} could not be played: {exception.Message}", exception);

    private static ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]);

    private static int Length(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        FunctionResultContent { Result: string result } => result.Length,
        _ => 0,
    };

    private static IEnumerable<string> Pieces(string text, int chunk)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = chunk <= 0 ? text.Length : TextCut.After(text, Math.Min(text.Length, start + chunk));
            yield return text[start..end];
            start = end;
        }
    }
}
