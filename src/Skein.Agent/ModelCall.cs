using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Skein.Agent.Providers;
using Skein.Agent.Providers.TextCalls;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent;

/// <summary>One message of the model: its call, tried again where that may help. Run once; the properties hold afterwards.</summary>
internal sealed class ModelCall(Model model, ITurn turn, TurnBudget budget, RetryPlan retries, TimeProvider time)
{
    private const string Nothing = "The model answered with nothing.";

    private AnswerReader _answer = null!;
    private bool _interrupted;

    public MessageId Message { get; } = turn.Ids.Next<MessageId>();

    /// <summary>What the model said.</summary>
    public IEnumerable<Part> Parts => _answer.Parts;

    public IReadOnlyList<ToolCallPart> Calls => _answer.Calls;

    /// <summary>Why the call failed, when trying again was of no use; null: it did not.</summary>
    public TurnFailure? Failure { get; private set; }

    public StopReason Stop => _answer.Stop;

    /// <summary>What the provider counted of the attempt that is the answer; null: nothing.</summary>
    public Usage? Counted => _answer.Usage;

    /// <summary>What all attempts took.</summary>
    public Usage? Spent { get; private set; }

    /// <summary>What they cost, in US dollars; null where that is not known.</summary>
    public decimal? Cost { get; private set; }

    public async IAsyncEnumerable<AgentOutput> RunAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var retried = 0;
        var emptied = false;
        while (true)
        {
            _answer = new AnswerReader(Message, turn.Ids);
            ModelException? failure = null;
            await using (var updates = model.Client.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken))
            {
                var more = true;
                while (more)
                {
                    (more, failure, var outputs) = await ReadAsync(updates, cancellationToken);
                    foreach (var output in outputs)
                        yield return output;
                }
            }

            // Every attempt by itself: whether an input is a long one is not to be told from the sum.
            Spent = _answer.Usage is null ? Spent : Spent is null ? _answer.Usage : Spent + _answer.Usage;
            Cost = model.CostOf(_answer.Usage) is { } paid ? (Cost ?? 0) + paid : Cost;
            budget.Count(model, _answer.Usage, isWhole: failure is null);
            if (_interrupted)
            {
                if (Interrupted() is { } told)
                    yield return told;
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (failure is null)
            {
                var end = _answer.Close().ToList();
                if (_answer.IsCutUnsaid)
                    Failure = new TurnFailure(FailureKind.Limit, model.Provider,
                        $"{model.Name} used up all of its answer without saying anything. Let it think less (effort), or longer: 'output' of the model in the settings.");
                if (!_answer.IsEmpty || emptied || budget.Exhausted() is not null)
                {
                    yield return new AgentEvents([.. end, new MessageCompleted(Message, _answer.Stop, Spent, Cost)]);
                    yield break;
                }

                emptied = true;
                yield return new AgentEvents(
                    [.. end, new ModelRetried(turn.Id, ++retried, 0, FailureKind.Internal, Nothing), .. _answer.Drop(Nothing)]);
                continue;
            }

            if (failure.Kind == FailureKind.BadRequest && (LearnsTemperature(failure, options) || LearnsTools(failure, options)))
            {
                yield return new AgentEvents([new ModelRetried(turn.Id, ++retried, 0, failure.Kind, failure.Message), .. _answer.Drop(failure.Message)]);
                continue;
            }

            var reason = retried == 0 ? failure.Message : $"{failure.Message} (tried {retried + 1} times)";
            var delay = retries.DelayAfter(failure, retried);
            var limit = delay is null ? null : budget.Exhausted();
            if (delay is null || limit is not null)
            {
                Failure = limit is null ? new TurnFailure(failure.Kind, model.Provider, reason) : limit with { Message = $"{limit.Message} The last call failed: {reason}" };
                yield return new AgentEvents([.. _answer.Abandon(failure.Message), new MessageCompleted(Message, StopReason.Failed, Spent, Cost)]);
                yield break;
            }

            yield return new AgentEvents(
                [new ModelRetried(turn.Id, ++retried, (long)delay.Value.TotalMilliseconds, failure.Kind, failure.Message), .. _answer.Drop(failure.Message)]);
            await Task.Delay(delay.Value, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested && Interrupted() is { } spent)
                yield return spent;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // The runner closes the message, and does not know what it took.
    private AgentEvents? Interrupted() => Spent is null ? null : new AgentEvents([new ModelCalled("interrupted", model.Name, Spent, Cost)]);

    // No table knows every model: this one is asked without from here on.
    private bool LearnsTemperature(ModelException refusal, ChatOptions options)
    {
        if (options.Temperature is null || !refusal.Message.Contains("temperature", StringComparison.OrdinalIgnoreCase))
            return false;

        options.Temperature = null;
        return model.Learned.RefusesTemperature = true;
    }

    // It is taught to write its calls from here on.
    private bool LearnsTools(ModelException refusal, ChatOptions options)
    {
        if (options.Tools is not { Count: > 0 } || model.Learned.RefusesTools || !TextCallClient.IsRefusalOfTools(refusal.Message)
            || model.Client.GetService(typeof(TextCallClient)) is not TextCallClient { CanBeTaught: true })
            return false;

        return model.Learned.RefusesTools = true;
    }

    private async Task<(bool More, ModelException? Failure, IEnumerable<AgentOutput> Outputs)> ReadAsync(
        IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            return await updates.MoveNextAsync() ? (true, null, _answer.Read(updates.Current)) : (false, null, []);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            _interrupted = true;
            return (false, null, []);
        }
        catch (ModelException e)
        {
            return (false, e, []);
        }
        // A failure ends a turn as a value. Our own clients throw nothing else, another's may.
        catch (Exception e)
        {
            return (false, ModelException.In(e) ?? new ModelException(FailureKind.Internal, $"The client of {model.Name} failed: {e.Message}", e), []);
        }
    }
}
