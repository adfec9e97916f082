using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <summary>One turn at work: what the agent sees of it, and the means to interrupt it.</summary>
internal sealed class RunningTurn(SessionRunner runner, RunnerParts parts, TurnStarted started, Session session, IReadOnlyList<Message> messages)
    : ITurn, IDisposable
{
    /// <summary>What an agent has to end an interrupted turn, its programs included. Then it is left to itself, and the session is free.</summary>
    internal static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _interrupt = new();
    private readonly TaskCompletionSource _overdue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TurnCheckpoints _checkpoints = new(runner, parts.Files, session, started.Turn, parts.Time);
    private TaskCompletionSource _steered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _bound;

    public TurnId Id => started.Turn;
    public Session Session { get; } = session with { Model = started.Model };
    public IReadOnlyList<Message> Messages => messages;
    public IReadOnlyList<Message> Aside { get; init; } = [];
    public TurnCompaction? Compaction => started.Compact;
    public string? System => started.System;
    public IReadOnlyList<string>? Tools => started.Tools;
    public Effort? Effort => started.Effort;
    public TurnLimits Limits { get; } = new(started.MaxCost, started.MaxSteps);
    public CostMeter? Above => parts.SubAgents.FindMeter(Session.Id);
    public IdSource Ids => runner.Ids;
    public Redactor Redactor => parts.Redactor;

    /// <summary>Cancelled when the turn is interrupted.</summary>
    public CancellationToken Interrupted => _interrupt.Token;

    /// <summary>Why, once it is.</summary>
    public Interruption? Interruption { get; private set; }

    /// <summary>Completes when the turn has really ended and the session is free.</summary>
    public Task Ended => _ended.Task;

    public Task Steered => _steered.Task;

    public Task<PermissionAnswered> AskAsync(PermissionAsked question, CancellationToken cancellationToken) =>
        Ended.IsCompleted ? throw new OperationCanceledException($"Turn {Id} has ended.") : runner.AskAsync(question, cancellationToken);

    /// <inheritdoc cref="TurnCheckpoints.TakeUntold"/>
    public EventBody? TakeUntold() => _checkpoints.TakeUntold();

    public Task ReadyForChangesAsync(CancellationToken cancellationToken) => _checkpoints.BegunAsync(cancellationToken);

    public ValueTask<AgentOrigin?> FindAgentOriginAsync(CancellationToken cancellationToken) =>
        Forking.FindAgentOriginAsync(parts.Store, Session, messages, cancellationToken);

    public ValueTask<TurnSpent> FindSpentAsync(CancellationToken cancellationToken) =>
        messages.Any(m => m.Model is not null && m.Turn == Id) ? new(TurnSpending.ReadAsync(parts.Store, Session.Id, Id, messages[^1], cancellationToken)) : new(default(TurnSpent));

    public Task<SubAgentResult> RunSubAgentAsync(SubAgentRequest request, CancellationToken cancellationToken) =>
        parts.SubAgents.RunAsync(this, request, cancellationToken);

    public ValueTask<IReadOnlyList<Message>> TakeSteeredAsync(CancellationToken cancellationToken) =>
        new(runner.DoAsync(
            () =>
            {
                if (_steered.Task.IsCompleted)
                    _steered = new(TaskCreationOptions.RunContinuationsAsynchronously);
                return Steering.TakeAsync(runner, Id);
            },
            cancellationToken));

    public ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken) =>
        BlobRedaction.PutAsync(Redactor, parts.Store.PutBlobAsync, content, mediaType, cancellationToken);

    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) =>
        parts.Store.FindBlobAsync(sha256, cancellationToken);

    /// <summary>Lets the agent work, hands in what it yields, and goes on only when that is durable.</summary>
    /// <returns>What the agent says went wrong; null: nothing.</returns>
    public async Task<TurnFailure?> WorkAsync()
    {
        var agent = await runner.DoAsync(() => Task.FromResult(runner.Agent()), CancellationToken.None);
        try
        {
            if (!agent.TellsFirst)
                _checkpoints.Begin(Interrupted);
            return await WorkAsync(agent);
        }
        finally
        {
            if (Interruption is not { KeepOpen: true })
                await _checkpoints.EndAsync(agent.RanBeside, Interruption is not null);
        }
    }

    private async Task<TurnFailure?> WorkAsync(IAgent agent)
    {
        TurnFailure? failure = null;
        var outputs = agent.RunTurnAsync(this, Interrupted).GetAsyncEnumerator(CancellationToken.None);
        Task<bool>? left = null;
        try
        {
            while (await NextAsync())
            {
                switch (outputs.Current)
                {
                    case AgentDelta delta:
                        runner.Hear(delta);
                        break;
                    case AgentEvents events:
                        await _checkpoints.BeforeAsync(events.Bodies, Interrupted);
                        await runner.AppendAsync(this, events);
                        await _checkpoints.AfterAsync(events.Bodies, Interrupted);
                        break;
                    case TurnFailure failed:
                        failure = failed;
                        break;
                }
            }
        }
        finally
        {
            // One that is at work cannot be disposed: the session's next turn gets another agent.
            if (left is null)
                await outputs.DisposeAsync();
            else
                runner.Abandon(agent, left);
        }

        return failure;

        async ValueTask<bool> NextAsync()
        {
            var next = outputs.MoveNextAsync();
            if (next.IsCompleted)
                return await next;

            var moved = next.AsTask();
            if (await Task.WhenAny(moved, _overdue.Task) == moved)
                return await moved;
            left = moved;
            throw new OperationCanceledException($"The agent did not end turn {Id} within {EndWithin.TotalSeconds:0} s.");
        }
    }

    /// <summary>Something was said to the agent. Runs on the runner's mailbox.</summary>
    public void Steer() => _steered.TrySetResult();

    /// <summary>Asks the turn to end. Runs on the runner's mailbox; the first reason stays.</summary>
    public void Interrupt(Interruption interruption)
    {
        Interruption ??= interruption;
        _bound ??= parts.Time.CreateTimer(_ => _overdue.TrySetResult(), null, EndWithin, Timeout.InfiniteTimeSpan);
        _interrupt.Cancel();
    }

    /// <summary>The session is free.</summary>
    /// <returns>Completes when nothing of the turn goes on any more.</returns>
    public async Task EndAsync()
    {
        _ended.TrySetResult();
        await _checkpoints.Last;
        Dispose();
    }

    public void Dispose()
    {
        _bound?.Dispose();
        _interrupt.Dispose();
    }
}

/// <param name="Reason">As in <see cref="TurnInterrupted.Reason"/>.</param>
/// <param name="KeepOpen">The turn is only put down: it goes on when its question is answered.</param>
internal sealed record Interruption(string Reason, Cause? By, bool KeepOpen = false);
