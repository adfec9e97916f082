using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Skein.Agent.Prompts;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Compaction;

/// <summary>
/// Makes room in a conversation: leaves out old outputs of tools, and lets the model summarise what is not recent. What it yields is
/// appended when the summary exists; until then, and if it fails, nothing has changed. Every summary covers messages that none covered
/// before, so that it ends. For one turn.
/// </summary>
internal sealed class Compactor(ITurn turn, Model model, Conversation conversation, TurnBudget budget, RetryPlan retries, TimeProvider time)
{
    // An overflow that so many summaries in a row do not help against has another reason.
    private const int MostInARow = 3;

    private const string Purpose = "summary";

    // What is asked for where nothing is known of the model.
    private const int UsualSummary = 2_000;
    private const int UsualRecent = 8_000;

    private static readonly Lazy<string> s_instructions = new(() => SystemPrompt.Resource("compact.md"));

    private int _inARow;
    private bool _failedBefore;

    /// <summary>Why the turn cannot go on, after what was asked of it last; null: it can.</summary>
    public TurnFailure? Failure { get; private set; }

    private ContextLimits? Limits => conversation.Limits;

    /// <summary>The model has answered: what was sent did fit.</summary>
    public void NoteAnswer() => (_inARow, _failedBefore) = (0, false);

    /// <summary>Makes room before a call of the model, where its limits are known and nearly reached.</summary>
    public async IAsyncEnumerable<AgentOutput> MakeRoomAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Failure = null;
        if (Limits is not { } limits || conversation.Tokens <= limits.Full)
            yield break;

        if (Pruning.Plan(conversation.Window.Tail, conversation.Tokens, limits) is { } pruned)
        {
            yield return pruned;
            await conversation.PruneAsync(pruned, cancellationToken);
            yield break;
        }

        if (!_failedBefore && conversation.Window.CountKept(conversation.Estimated(limits.Recent), turn.Id) is { } kept)
        {
            await foreach (var output in SummariseAsync(kept, null, cancellationToken))
                yield return output;

            // There is still room, only not much: it is tried again when the model has answered.
            _failedBefore = Failure is not null;
            if (Failure is not null && conversation.Tokens <= limits.Usable)
                Failure = null;
        }

        if (Failure is null && conversation.Tokens > limits.Context)
            Failure = Irreducible(null);
    }

    /// <summary>Makes room after the provider has refused what it was sent as too long, whatever is known of its limits.</summary>
    public async IAsyncEnumerable<AgentOutput> AfterOverflowAsync(TurnFailure refusal, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Failure = null;
        var budget = conversation.Estimated(Math.Min(Limits?.Recent ?? long.MaxValue, conversation.Tokens / 4)) >> (2 * _inARow);
        if (_inARow++ == MostInARow || conversation.Window.CountKept(budget, turn.Id) is not { } kept)
        {
            Failure = Irreducible(refusal);
            yield break;
        }

        await foreach (var output in SummariseAsync(kept, null, cancellationToken))
            yield return output;
    }

    /// <summary>Summarises all but the last turn, because a person said so; all, where there is only one.</summary>
    /// <param name="keep">What the summary is to keep above all; null: what matters.</param>
    public async IAsyncEnumerable<AgentOutput> CompactAsync(string? keep, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Failure = null;
        var window = conversation.Window;
        if (window.Tail.Count == 0)
            yield break;

        var last = window.CountOfLastTurn();
        var kept = last < window.Tail.Count && TokenEstimate.Of(window.Tail.TakeLast(last)) <= (Limits?.Recent ?? UsualRecent) ? last : 0;
        await foreach (var output in SummariseAsync(kept, keep, cancellationToken))
            yield return output;
    }

    private async IAsyncEnumerable<AgentOutput> SummariseAsync(int kept, string? keep, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var window = conversation.Window;
        IReadOnlyList<Message> covered = [.. window.Tail.SkipLast(kept)];
        var length = Math.Min(Limits?.Summary ?? UsualSummary, model.Facts.Output ?? int.MaxValue);
        var room = (Limits is { } limits ? Math.Min(limits.Usable, conversation.Tokens) : conversation.Tokens) * 3 / 4;
        var earlier = window.SummariesWithin(Math.Min(Limits?.Summaries ?? room, room / 3));
        Usage? spent = null;
        decimal? cost = null;
        for (var attempt = 0; ; attempt++)
        {
            // A client of its own message: what the call says is not part of the conversation until it is whole.
            var call = new ModelCall(model, turn, budget, retries, time);
            var request = new ChatMessage(ChatRole.User, Request(covered, earlier, length, keep, (room >> attempt) - earlier.Sum(s => TokenEstimate.Of(s.Text))));
            await foreach (var output in call.RunAsync([request], new ChatOptions { Instructions = s_instructions.Value, MaxOutputTokens = length }, cancellationToken))
            {
                foreach (var body in output is AgentEvents { Bodies: var bodies } ? bodies : [])
                {
                    if (body is ModelRetried)
                        yield return body;
                    else if (body is ModelCalled interrupted)
                        yield return interrupted with { Purpose = Purpose };
                }
            }

            spent = call.Spent is { } used ? (spent ?? new Usage()) + used : spent;
            cost = call.Cost is { } paid ? (cost ?? 0) + paid : cost;
            if (call.Failure is { Kind: FailureKind.Overflow } && attempt < MostInARow)
                continue;

            var text = string.Concat(call.Parts.OfType<TextPart>().Select(p => p.Text)).Trim();
            if (call.Failure is { } failure)
                Failure = failure with { Message = $"The conversation could not be summarised: {failure.Message}" };
            else if (text.Length == 0)
                Failure = new TurnFailure(FailureKind.Internal, model.Provider, "The conversation could not be summarised: the model gave no summary.");
            if (Failure is not null)
            {
                if (spent is not null)
                    yield return new ModelCalled(Purpose, model.Name, spent, cost);
                yield break;
            }

            var summary = new SummaryPart(text, kept, conversation.Tokens, keep);
            var id = turn.Ids.Next<MessageId>();
            yield return new AgentEvents(
            [
                new MessageAdded(id, Role.System, MessageStatus.Completed, conversation.Count + 1, [new MessagePart(turn.Ids.Next<PartId>(), summary)], turn.Id, model.Name),
                new MessageCompleted(id, call.Stop, spent, cost),
            ]);
            await conversation.SummariseAsync(id, summary, cancellationToken);
            yield break;
        }
    }

    private static string Request(IReadOnlyList<Message> covered, IReadOnlyList<SummaryPart> earlier, int length, string? keep, long room)
    {
        var text = new StringBuilder();
        foreach (var summary in earlier)
            text.Append("<earlier-summary>\n").Append(summary.Text).Append("\n</earlier-summary>\n\n");
        text.Append("<conversation>\n").Append(ConversationText.Of(covered, room)).Append("</conversation>\n\n");
        text.Append("Summarise the conversation above");
        if (earlier.Count > 0)
            text.Append(". The agent keeps the earlier summaries as they are: do not repeat what stands in them, but say where something has changed since");
        text.Append(CultureInfo.InvariantCulture, $". Use at most {length / 2} words.");
        if (keep is not null)
            text.Append("\n\nThe user asks you to keep above all: ").Append(keep);
        return text.ToString();
    }

    private TurnFailure Irreducible(TurnFailure? refusal)
    {
        var size = Limits is { } limits
            ? $"it takes about {conversation.Tokens:N0} tokens, and {model.Name} takes {limits.Context:N0}"
            : $"it takes about {conversation.Tokens:N0} tokens";
        var said = refusal is null ? "" : $" ({refusal.Message})";
        return new TurnFailure(
            FailureKind.Overflow, refusal?.Provider,
            $"The conversation does not fit the model, and nothing is left to summarise: {size}{said}. Rewind it, make the prompt shorter, or choose a model with a larger context.");
    }
}
