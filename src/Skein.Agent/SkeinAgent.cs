using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Skein.Agent.Compaction;
using Skein.Agent.Prompts;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;
using Skein.Sandbox;

namespace Skein.Agent;

/// <summary>
/// Skein's own agent: asks the model, carries out what it calls for, and asks again, until it answers without a call. Between turns it keeps
/// but what its tools do.
/// </summary>
public sealed class SkeinAgent : IAgent
{
    public const string Name = "skein";

    // A model that does not learn from what it was told will not.
    private const int MostMalformed = 5;

    private readonly ModelCatalog _models;
    private readonly Toolbox _own;
    private readonly ToolboxExtension? _extend;
    private readonly RetryPlan _retries;
    private readonly TimeProvider _time;
    private readonly Workbench _bench = new();

    /// <param name="own">What every turn has.</param>
    /// <param name="extend">What a workspace adds to it.</param>
    public SkeinAgent(ModelCatalog models, Toolbox own, RetryPlan retries, TimeProvider time, ToolboxExtension? extend = null)
    {
        _models = models;
        _own = own;
        _extend = extend;
        _retries = retries;
        _time = time;
    }

    public bool CanSteer => true;

    public bool IsBusy => _bench.IsBusy;

    public bool CanCompact => true;

    /// <summary>The kind of agent, for the sessions.</summary>
    public static AgentKind Kind(ModelCatalog models, Toolbox own, TimeProvider time, ToolboxExtension? extend = null) =>
        new(Name, _ => new SkeinAgent(models, own, RetryPlan.Default, time, extend), Resumes: true, models.CheckModel);

    public async IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (prepared, failure) = await PrepareAsync(turn, cancellationToken);
        if (prepared is not var (model, conversation, options, unfinished, box, budget))
        {
            yield return failure!;
            yield break;
        }

        var compactor = new Compactor(turn, model, conversation, budget, _retries, _time);
        if (turn.Compaction is { } compaction)
        {
            await foreach (var output in compactor.CompactAsync(compaction.Keep, cancellationToken))
                yield return output;
            if (compactor.Failure is { } uncompacted)
                yield return uncompacted;
            yield break;
        }

        var tools = box.Tools.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var context = new ToolContext(RealPath.Of(turn.Session.Workspace), turn) { Bench = _bench, Budget = budget };
        var repeats = new RepeatGuard();
        var malformed = 0;
        if (unfinished is not null)
        {
            var round = new ToolRound(unfinished.Id, tools, box.Gate, context, repeats, _time);
            await foreach (var output in round.RunAsync([.. unfinished.UnansweredCalls], unfinished.Stop, cancellationToken))
                yield return output;
            await conversation.AddAnswerAsync(unfinished.Id, [.. unfinished.Parts.Select(p => p.Content), .. round.Answers], unfinished.Usage, cancellationToken);
        }

        while (budget.Exhausted() is null)
        {
            var steered = await turn.TakeSteeredAsync(cancellationToken);
            await conversation.AddAsync(steered, cancellationToken);
            await foreach (var output in compactor.MakeRoomAsync(cancellationToken))
                yield return output;
            if (compactor.Failure is { } full)
            {
                yield return full;
                yield break;
            }

            var call = new ModelCall(model, turn, budget, _retries, _time);
            yield return new MessageAdded(call.Message, Role.Assistant, MessageStatus.Pending, conversation.Count + 1, [], turn.Id, model.Name);
            await foreach (var output in call.RunAsync(conversation.Sent, options, cancellationToken))
                yield return output;
            if (call.Failure is { } refusal)
            {
                if (refusal.Kind != FailureKind.Overflow)
                {
                    yield return refusal;
                    yield break;
                }

                await conversation.AddAnswerAsync(call.Message, call.Parts.Where(p => p is not ToolCallPart), null, cancellationToken);
                await foreach (var output in compactor.AfterOverflowAsync(refusal, cancellationToken))
                    yield return output;
                if (compactor.Failure is { } irreducible)
                {
                    yield return irreducible;
                    yield break;
                }

                continue;
            }

            compactor.NoteAnswer();
            if (call.Calls.Count == 0)
                yield break;

            var round = new ToolRound(call.Message, tools, box.Gate, context, repeats, _time);
            await foreach (var output in round.RunAsync(call.Calls, call.Stop, cancellationToken))
                yield return output;

            repeats.Note(call.Calls, round.Results);
            malformed = round.IsAllMalformed ? malformed + 1 : 0;
            if (malformed == MostMalformed)
            {
                yield return new TurnFailure(
                    FailureKind.Internal, model.Provider,
                    $"{model.Name} made {MostMalformed} answers in a row with no call that could be carried out; the last was told: {round.Results[^1].Output}");
                yield break;
            }

            // As the log has it, so that the model is told the same now and after a restart.
            await conversation.AddAnswerAsync(call.Message, [.. call.Parts.Select(turn.Redactor.Redact), .. round.Answers], call.Counted, cancellationToken);
        }

        yield return budget.Exhausted()!;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async ValueTask<Toolbox> OpenAsync(ITurn turn, CancellationToken cancellationToken)
    {
        var box = NestedInstructions.Extend(_extend is null ? _own : await _extend(_own, turn.Session, cancellationToken));
        return turn.Tools is { } named ? box with { Tools = [.. box.Tools.Where(t => named.Contains(t.Name))] } : box;
    }

    private async Task<(Prepared?, TurnFailure?)> PrepareAsync(ITurn turn, CancellationToken cancellationToken)
    {
        var name = turn.Session.Model;
        try
        {
            var model = _models.Get(name);
            var box = await OpenAsync(turn, cancellationToken);
            var budget = new TurnBudget(turn.Limits.Over(box.Limits), await turn.FindSpentAsync(cancellationToken), turn.Above);
            if (budget.Unfit(model) is { } unfit)
                return (null, unfit);

            var options = model.OptionsFor(turn.Effort ?? box.Effort);
            options.Instructions = await SystemPrompt.BuildAsync(turn, box, _time, cancellationToken);
            options.Tools = [.. box.Tools.Select(t => new ToolDeclaration(t))];

            // A turn that goes on after a restart first does what was still to be done.
            var unfinished = turn.Messages is [.., { Role: Role.Assistant } last] && last.UnansweredCalls.Any() ? last : null;
            var conversation = await Conversation.OpenAsync(
                turn, model, unfinished is null ? turn.Messages : [.. turn.Messages.SkipLast(1)], options, cancellationToken);
            return (new Prepared(model, conversation, options, unfinished, box, budget), null);
        }
        catch (ModelException e)
        {
            return (null, new TurnFailure(e.Kind, name?.Split('/')[0], e.Message));
        }
        // A failure ends a turn as a value: a disk that does not answer, for example.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new TurnFailure(FailureKind.Internal, null, $"The turn could not be prepared: {e.Message}"));
        }
    }

    /// <param name="Unfinished">The last message, where calls of it have no result yet; it is not in the history.</param>
    private sealed record Prepared(Model Model, Conversation Conversation, ChatOptions Options, Message? Unfinished, Toolbox Box, TurnBudget Budget);

    /// <summary>A tool as models are told of it.</summary>
    private sealed class ToolDeclaration(ITool tool) : AIFunctionDeclaration
    {
        public override string Name => tool.Name;
        public override string Description => tool.Description;
        public override System.Text.Json.JsonElement JsonSchema => tool.Parameters;
    }
}
