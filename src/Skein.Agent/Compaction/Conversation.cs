using Microsoft.Extensions.AI;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Compaction;

/// <summary>
/// The conversation of a running turn: what is in it, what of it the model is sent, and how many tokens that takes. Not safe for use by
/// several threads.
/// </summary>
internal sealed class Conversation
{
    private readonly ITurn _turn;
    private readonly Model _model;
    private readonly long _beside;
    private readonly List<Message> _messages;
    private History _history;
    private long _estimate;

    private Conversation(ITurn turn, Model model, IReadOnlyList<Message> messages, ChatOptions options)
    {
        (_turn, _model, _messages) = (turn, model, [.. messages]);
        _beside = TokenEstimate.Of(options);
        _history = new History(turn, model.Provider, model.TakesImages);
        Limits = ContextLimits.Of(model.Facts);
    }

    /// <param name="options">What is sent beside it.</param>
    public static async Task<Conversation> OpenAsync(ITurn turn, Model model, IReadOnlyList<Message> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var conversation = new Conversation(turn, model, messages, options);
        await conversation.RebuildAsync(cancellationToken);
        if (conversation.Reported() is { } tokens)
            conversation.Tokens = tokens;
        return conversation;
    }

    public ContextLimits? Limits { get; }

    /// <summary>How many messages it has, also those that are not sent.</summary>
    public int Count => _messages.Count;

    public ContextWindow Window => ContextWindow.Of(_messages);

    /// <summary>As the model is sent it.</summary>
    public IReadOnlyList<ChatMessage> Sent => _history.Messages;

    /// <summary>What the model is sent, in tokens: what the provider last counted, and an estimate of what is new.</summary>
    public long Tokens { get; private set; }

    /// <summary>A provider's tokens in those of an estimate: how many there are to a text differs from model to model.</summary>
    public long Estimated(long tokens) => Tokens > _estimate ? (long)((double)tokens * _estimate / Tokens) : tokens;

    public async Task AddAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        _messages.AddRange(messages);
        await _history.AddAsync(messages, cancellationToken);
        _estimate += TokenEstimate.Of(messages);
        Tokens += TokenEstimate.Of(messages);
    }

    /// <summary>Adds what one call of the model said, with the results.</summary>
    /// <param name="counted">What the provider counted; null: nothing.</param>
    public async Task AddAnswerAsync(MessageId id, IEnumerable<Part> parts, Usage? counted, CancellationToken cancellationToken)
    {
        var message = Made(id, Role.Assistant, parts) with { Model = _model.Name };
        _messages.Add(message);
        await _history.AddAssistantAsync(message.Parts.Select(p => p.Content), message.Model, cancellationToken);
        _estimate += TokenEstimate.Of(message);
        Tokens = counted is { } usage
            ? TokensOf(usage) + TokenEstimate.OfAnswers(message.Parts.Select(p => p.Content))
            : Tokens + TokenEstimate.Of(message);
    }

    public async Task SummariseAsync(MessageId id, SummaryPart summary, CancellationToken cancellationToken)
    {
        var ratio = Tokens > _estimate ? (double)Tokens / _estimate : 1;
        _messages.Add(Made(id, Role.System, [summary]));
        await RebuildAsync(cancellationToken);
        Tokens = (long)(_estimate * ratio);
    }

    public async Task PruneAsync(ContextPruned pruned, CancellationToken cancellationToken)
    {
        var left = Tokens - pruned.Tokens;
        var named = pruned.Messages.ToHashSet();
        for (var i = 0; i < _messages.Count; i++)
        {
            if (named.Contains(_messages[i].Id))
                _messages[i] = _messages[i] with { PrunedAt = long.MaxValue };
        }

        await RebuildAsync(cancellationToken);
        Tokens = left;
    }

    private async Task RebuildAsync(CancellationToken cancellationToken)
    {
        var window = Window;
        var summaries = window.SummariesWithin(Limits?.Summaries ?? long.MaxValue);
        _history = new History(_turn, _model.Provider, _model.TakesImages);
        _history.AddSummaries(summaries, window.Summaries.Count - summaries.Count);
        await _history.AddAsync([.. window.Restated, .. window.Tail], cancellationToken);
        Tokens = _estimate = _beside + summaries.Sum(s => TokenEstimate.Of(s.Text)) + TokenEstimate.Of([.. window.Restated, .. window.Tail]);
    }

    // A count from before a summary, or before outputs were pruned, is of what is no longer sent. That of a summary is of what it was made from.
    private long? Reported()
    {
        var window = Window;
        var pruned = window.Tail.Max(m => m.PrunedAt);
        for (var i = window.New.Count - 1; i >= 0; i--)
        {
            if (window.New[i] is { Role: Role.Assistant, Usage: { } usage, Stop: not StopReason.Failed } answer && TokensOf(usage) > 0 && answer.Model == _model.Name)
                return pruned > answer.Seq ? null : TokensOf(usage) + Results(answer) + TokenEstimate.Of(window.New.Skip(i + 1));
        }

        return null;
    }

    private static long Results(Message message) => TokenEstimate.OfAnswers(Pruning.Sent(message));

    private static long TokensOf(Usage usage) => usage.Input + usage.CacheRead + usage.CacheWrite + usage.Output;

    private Message Made(MessageId id, Role role, IEnumerable<Part> parts) => new(
        id, 0, role, MessageStatus.Completed, [.. parts.Select(p => new MessagePart(_turn.Ids.Next<PartId>(), p))], default, default, _turn.Id);
}
