using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using Skein.Agent.Compaction;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;

namespace Skein.Agent;

/// <summary>
/// The conversation as a model is sent it. Every call has exactly one result, right after the message that made it: providers refuse
/// anything else. Not safe for use by several threads.
/// </summary>
internal sealed class History(ITurn turn, string provider, bool takesImages = true)
{
    private const string NoResult = "There is no result: the call was not carried out, or was interrupted.";
    private static readonly InvalidOperationException s_failed = new("The tool failed.");

    private readonly List<ChatMessage> _messages = [];
    private readonly HashSet<string> _callIds = new(StringComparer.Ordinal);

    // Results that stand in messages of their own, as in sessions that came from elsewhere.
    private readonly Dictionary<string, ToolResultPart> _results = new(StringComparer.Ordinal);

    public IReadOnlyList<ChatMessage> Messages => _messages;

    public async Task AddAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        foreach (var result in messages.Where(m => m.Role == Role.Tool).SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>())
            _results.TryAdd(result.CallId, result);

        foreach (var message in messages)
            await AddAsync(message, cancellationToken);
    }

    /// <summary>Adds what came before, in fewer words.</summary>
    /// <param name="left">How many older summaries do not fit.</param>
    public void AddSummaries(IReadOnlyList<SummaryPart> summaries, int left)
    {
        if (summaries.Count == 0)
            return;

        var text = new StringBuilder("The conversation so far is longer than you can be shown. What came before the messages that follow was summarised:\n");
        if (left > 0)
            text.Append(CultureInfo.InvariantCulture, $"\n[{left} older summaries are left out]\n");
        foreach (var summary in summaries)
            text.Append("\n<summary>\n").Append(summary.Text).Append("\n</summary>\n");
        _messages.Add(new ChatMessage(ChatRole.User, text.ToString()));
    }

    /// <summary>Adds what one call of the model said, with the results.</summary>
    /// <param name="model"><c>provider/name</c>, where it is known.</param>
    public async Task AddAssistantAsync(IEnumerable<Part> parts, string? model, CancellationToken cancellationToken)
    {
        // The proofs of another provider's thoughts mean nothing to this one, or are refused.
        var thoughts = model is not null && model.StartsWith(provider + "/", StringComparison.Ordinal);
        var all = parts.ToList();
        var results = all.OfType<ToolResultPart>().GroupBy(r => r.CallId).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var said = new List<AIContent>();
        var answered = false;
        var shown = new List<AIContent>();
        foreach (var part in all)
        {
            // Some agents write all they did into one message: what follows results was a further answer.
            if (part is ToolResultPart)
                answered = true;
            else if (answered && part is FilePart picture)
            {
                shown.Add(takesImages && await Attachment.ContentAsync(picture, turn, cancellationToken) is { } seen
                    ? seen
                    : new TextContent($"[{picture.Name}: you are not known to take pictures, so it is not shown to you]"));
            }
            else if (answered)
            {
                Flush(said, results, shown);
                answered = false;
            }

            if (Said(part, thoughts) is { } content)
                said.Add(content);
        }

        Flush(said, results, shown);
    }

    private async Task AddAsync(Message message, CancellationToken cancellationToken)
    {
        switch (message.Role)
        {
            case Role.Assistant:
                await AddAssistantAsync(Pruning.Sent(message), message.Model, cancellationToken);
                break;
            case Role.Tool:
                AddLoose(message);
                break;
            default:
                var contents = new List<AIContent>();
                foreach (var part in message.Parts)
                    if (await Attachment.ContentAsync(part.Content, turn, cancellationToken) is { } content)
                        contents.Add(content);
                if (contents.Count > 0)
                    _messages.Add(new ChatMessage(message.Role == Role.System ? ChatRole.System : ChatRole.User, contents));
                break;
        }
    }

    // Results whose calls are not here (any more) are still told.
    private void AddLoose(Message message)
    {
        foreach (var result in message.Parts.Select(p => p.Content).OfType<ToolResultPart>().Where(r => _results.Remove(r.CallId)))
            _messages.Add(new ChatMessage(ChatRole.User, $"Result of the tool call {result.CallId}:\n{result.Output}"));
    }

    private static AIContent? Said(Part part, bool thoughts) => part switch
    {
        TextPart text => string.IsNullOrWhiteSpace(text.Text) ? null : new TextContent(text.Text),
        ReasoningPart reasoning => thoughts ? new TextReasoningContent(reasoning.Text) { ProtectedData = reasoning.Signature } : null,
        ToolCallPart call => ToolCalls.From(call.CallId, call.Tool, call.Arguments),
        _ => null,
    };

    private void Flush(List<AIContent> said, Dictionary<string, ToolResultPart> results, List<AIContent> shown)
    {
        if (said.All(c => c is TextReasoningContent))
        {
            said.Clear();
            return;
        }

        var answers = new List<AIContent>();
        for (var i = 0; i < said.Count; i++)
        {
            if (said[i] is not FunctionCallContent call)
                continue;

            if (!results.Remove(call.CallId, out var result) && !_results.Remove(call.CallId, out result))
                result = new ToolResultPart(call.CallId, NoResult, IsError: true);
            var id = UniqueId(call.CallId);
            said[i] = ToolCalls.From(id, call.Name, ToolCalls.ArgumentsOf(call));
            answers.Add(new FunctionResultContent(id, result.Output.Length == 0 ? "(no output)" : result.Output) { Exception = result.IsError ? s_failed : null });
        }

        _messages.Add(new ChatMessage(ChatRole.Assistant, [.. said]));
        if (answers.Count > 0)
            _messages.Add(new ChatMessage(ChatRole.Tool, answers));

        // Not every provider has a place for pictures in a result: behind the results all have one.
        if (shown.Count > 0)
            _messages.Add(new ChatMessage(ChatRole.User, [new TextContent("What the tools showed:"), .. shown]));
        shown.Clear();
        said.Clear();
    }

    // Within a message they are unique; some servers begin anew with every answer, which others refuse.
    private string UniqueId(string callId)
    {
        var id = callId;
        for (var n = 2; !_callIds.Add(id); n++)
            id = string.Create(CultureInfo.InvariantCulture, $"{callId}_{n}");
        return id;
    }
}
