using System.Threading.Channels;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <summary>
/// The actor that owns one session: the only one that appends to it. Commands are done one at a time on its mailbox; a turn runs beside
/// it and hands in what the agent yields. A runner whose append failed is finished: its session is opened anew, which mends it.
/// </summary>
internal sealed class SessionRunner : IAsyncDisposable
{
    private readonly RunnerParts _parts;
    private readonly ISessionWriter _writer;
    private readonly SessionMemory _memory;
    private readonly LiveText _live;
    private readonly Mailbox _mailbox = new();
    private readonly Checkpoints _checkpoints;
    private readonly AgentSlot _agent;
    private readonly PermissionDesk _desk = new();
    private readonly Titling _titling;
    private RunningTurn? _turn;
    private Task _pump = Task.CompletedTask;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastUsed;
    private int _disposed;

    private SessionRunner(RunnerParts parts, ISessionWriter writer, SessionMemory memory)
    {
        (_parts, _writer, _memory, LeftAt) = (parts, writer, memory, memory.Session.UpdatedAt);
        _live = parts.Live.Attach(writer.Session, follower: false);
        _checkpoints = new Checkpoints(parts.Time, CheckpointAsync);
        _agent = new AgentSlot(writer.Session, parts.Agents, parts.Time, parts.Logger);
        _titling = new Titling(this, parts);
        _lastUsed = parts.Time.GetTimestamp();
    }

    public RunnerParts Parts => _parts;
    public IdSource Ids => _parts.Ids;

    /// <summary>Folds of the log. To be looked at on the mailbox only.</summary>
    public SessionMemory Memory => _memory;

    public Session Session => _memory.Session;

    /// <summary>When the last thing happened in the session before this runner had it.</summary>
    public DateTimeOffset LeftAt { get; }

    /// <summary>The turn at work; null: none is. On the mailbox only.</summary>
    public RunningTurn? Turn => _turn;

    /// <summary>Completes when the runner has been let go and its writer is closed.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Completes when nothing of an ended turn goes on: its last snapshot of files may. On the mailbox only, but to be awaited elsewhere.</summary>
    public Task Settled => _turn is null ? _pump : Task.CompletedTask;

    /// <summary>An append failed: this runner can do no more.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Takes the session over: opens its writer, mends what a crash left, and says so in the log.</summary>
    public static async Task<SessionRunner> OpenAsync(RunnerParts parts, SessionId session, CancellationToken cancellationToken)
    {
        var runner = await OpenNewAsync(parts, await parts.Store.OpenWriterAsync(session, cancellationToken), cancellationToken);
        try
        {
            await runner.MendAsync();
            await FileRewinds.FinishAsync(runner, parts.Files);
            return runner;
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }
    }

    /// <summary>For a session that has just been made: nothing to mend.</summary>
    public static async Task<SessionRunner> OpenNewAsync(RunnerParts parts, ISessionWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            return new SessionRunner(parts, writer, await SessionMemory.OpenAsync(parts.Store, writer.Session, cancellationToken));
        }
        catch
        {
            await writer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does a command on the mailbox.</summary>
    /// <exception cref="ChannelClosedException">The runner has been let go; nothing was done.</exception>
    public Task<T> DoAsync<T>(Func<Task<T>> command, CancellationToken cancellationToken)
    {
        _lastUsed = _parts.Time.GetTimestamp();
        return _mailbox.DoAsync(command, cancellationToken);
    }

    /// <summary>Takes secrets out, appends and folds. On the mailbox only.</summary>
    public async Task<IReadOnlyList<SessionEvent>> AppendAsync(IReadOnlyList<EventBody> bodies, Cause? by)
    {
        if (HasFailed)
            throw new StoreStoppedException($"Session {_writer.Session} takes no appends until it is opened anew: an append failed.");

        try
        {
            var events = await _writer.AppendAsync(_parts.Redactor.Redact(bodies), by, CancellationToken.None);
            _memory.ApplyAll(events);
            _live.Finish(events);
            return events;
        }
        catch (SkeinException e)
        {
            // What is in memory may now differ from the disk: whoever comes next reads the disk.
            Fail(e);
            throw;
        }
    }

    /// <summary>Appends the beginning of a turn and lets the agent work. On the mailbox only.</summary>
    /// <param name="bodies">A <see cref="TurnStarted"/> is among them.</param>
    /// <returns>The event that began it.</returns>
    public async Task<SessionEvent> BeginAsync(IReadOnlyList<EventBody> bodies, Cause? by)
    {
        await _memory.LoadMessagesAsync(CancellationToken.None);
        var began = (await AppendAsync(bodies, by)).First(e => e.Body is TurnStarted);
        Run((TurnStarted)began.Body);
        return began;
    }

    /// <summary>The session's agent. On the mailbox only.</summary>
    public IAgent Agent() => _agent.For(Session);

    /// <summary>For a turn that was ended without its agent, which may still be at something.</summary>
    public void Abandon(IAgent agent, Task atWork)
    {
        _agent.Abandon(agent);
        _parts.Logger.AgentAbandoned(_writer.Session);
        _ = atWork.ContinueWith(static t => t.Exception, TaskScheduler.Default); // What it still fails with no longer matters.
    }

    /// <summary>Asks the running turn to end, or closes one that is only waiting. On the mailbox only.</summary>
    /// <returns>Completes when the turn has ended; null when there is none.</returns>
    public async Task<Task?> InterruptAsync(Interruption interruption)
    {
        if (_turn is not null)
        {
            _turn.Interrupt(interruption);
            return _turn.Ended;
        }

        if (_memory.Turn is not { } open)
            return null;
        await CloseAsync(open.Turn, new TurnInterrupted(open.Turn, interruption.Reason), StopReason.Interrupted, interruption.By);
        return Task.CompletedTask;
    }

    /// <summary>Appends the answer and hands it to the call that waits; a turn that was put down goes on. On the mailbox only.</summary>
    public async Task AnswerAsync(PermissionAnswered answer, Cause? by)
    {
        if (_turn is not null || _memory.Turn is not { } open)
        {
            await AppendAsync([answer], by);
            _desk.Answer(answer);
            return;
        }

        await AppendAsync([answer, .. Mending.OfResumed(_memory, answer, Ids)], by);
        Run(open);
    }

    /// <summary>For the agent: asks, unless the call was answered before.</summary>
    public async Task<PermissionAnswered> AskAsync(PermissionAsked question, CancellationToken cancellationToken)
    {
        var answer = await DoAsync(
            async () =>
            {
                if (_memory.FindAnswer(question.CallId) is { } known)
                    return Task.FromResult(known);

                if (Session.Questions.FirstOrDefault(q => q.CallId == question.CallId) is { } open)
                    return _desk.Wait(open.Permission);
                await AppendAsync([question], null);
                return _desk.Wait(question.Permission);
            },
            cancellationToken);
        return await answer.WaitAsync(cancellationToken);
    }

    /// <summary>For the turn: appends what the agent yielded; durable when it returns.</summary>
    public Task AppendAsync(RunningTurn turn, AgentEvents events) =>
        _mailbox.DoAsync(
            () => AppendAsync(Placed(turn.TakeUntold() is { } untold ? [untold, .. events.Bodies] : events.Bodies, turn.Id), null), CancellationToken.None);

    /// <summary>For the turn: more of a part that is still arriving.</summary>
    public void Hear(AgentDelta delta)
    {
        _live.Append(delta, _writer.LastSeq);
        _checkpoints.Arm();
    }

    /// <summary>Puts the session down: a running turn is interrupted, one that waits for an answer goes on waiting; the writer is closed.</summary>
    public async Task ReleaseAsync(Cause? by, bool keepQuestions)
    {
        try
        {
            var ended = await DoAsync(
                () =>
                {
                    var keep = keepQuestions && _agent.IsWaitingToResume(Session);
                    return keep && _turn is null
                        ? Task.FromResult<Task?>(null)
                        : InterruptAsync(new Interruption("stop", by, keep));
                },
                CancellationToken.None);
            if (ended is not null)
                await ended;
        }
        catch (Exception e) when (e is ChannelClosedException or SkeinException)
        {
            // Let go already, or the disk fails: the log tells the next one all there is to know.
        }

        await DisposeAsync();
    }

    /// <summary>Lets the runner and its agent go if nothing runs, nobody follows, and nobody has used it for so long.</summary>
    public async Task<bool> TryRetireAsync(TimeSpan idle)
    {
        try
        {
            // Closed on the mailbox itself, so that no command slips in between the look and the end.
            var retires = await _mailbox.DoAsync(
                () =>
                {
                    var unused = HasFailed || (_turn is null && _live.Followers == 0 && !_agent.IsBusy && _parts.Time.GetElapsedTime(_lastUsed) >= idle);
                    if (unused)
                        _mailbox.Close();
                    return Task.FromResult(unused);
                },
                CancellationToken.None);
            if (!retires)
                return false;
        }
        catch (ChannelClosedException)
        {
            // Somebody else lets it go already.
        }

        await DisposeAsync();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            await Gone;
            return;
        }

        await _titling.DisposeAsync();
        await _checkpoints.DisposeAsync();
        await _mailbox.DisposeAsync();
        await _pump;
        await _agent.DisposeAsync();
        await _writer.DisposeAsync();
        _parts.Live.Detach(_writer.Session, follower: false);
        _gone.SetResult();
    }

    private async Task MendAsync()
    {
        var resumed = _agent.IsWaitingToResume(Session) ? await Mending.FindDelegatedAsync(_parts.Store, _memory, CancellationToken.None) : null;
        var (bodies, repairs) = Mending.Of(_memory, _writer.Repairs, resumed, Ids);
        if (repairs.Count == 0)
            return;

        await AppendAsync([.. bodies, new SessionRepaired(repairs)], new Cause("skein"));
        _parts.Logger.Repaired(_writer.Session, string.Join(' ', repairs.Select(r => r.What)));
    }

    private void Run(TurnStarted started)
    {
        var turn = new RunningTurn(this, _parts, started, Session, [.. _memory.Messages]) { Aside = _memory.Aside };
        _turn = turn;
        _pump = Task.WhenAll(_pump, Task.Run(() => PumpAsync(turn)));
    }

    private async Task PumpAsync(RunningTurn turn)
    {
        TurnFailure? failure = null;
        try
        {
            failure = await turn.WorkAsync();
        }
        catch (OperationCanceledException) when (turn.Interrupted.IsCancellationRequested)
        {
            // How the turn ends is told below.
        }
        catch (SkeinException) when (HasFailed)
        {
            // The log takes no more; the next one who opens the session closes the turn.
        }
        catch (Exception e)
        {
            _parts.Logger.AgentThrew(_writer.Session, turn.Id, e);
            failure = new TurnFailure(FailureKind.Internal, null, $"The agent failed: {e.GetType().Name}: {e.Message}");
        }

        await EndAsync(turn, failure);
    }

    private async Task EndAsync(RunningTurn turn, TurnFailure? failure)
    {
        try
        {
            await WhileItLastsAsync(() => FinishAsync(turn, failure));
        }
        finally
        {
            await turn.EndAsync();
        }
    }

    private async Task FinishAsync(RunningTurn turn, TurnFailure? failure)
    {
        _turn = null;
        _desk.Clear();
        if (HasFailed || turn.Interruption is { KeepOpen: true })
            return;

        if (turn.Interruption is { } interruption)
            await CloseAsync(turn.Id, new TurnInterrupted(turn.Id, interruption.Reason), StopReason.Interrupted, interruption.By);
        else if (failure is not null)
            await CloseAsync(turn.Id, new TurnFailed(turn.Id, failure.Kind, failure.Provider, failure.Message), StopReason.Failed, null);
        else
        {
            await CloseAsync(turn.Id, new TurnCompleted(turn.Id), StopReason.Failed, null);
            _titling.TurnCompleted(turn.Id);
        }

        if (Session is { Queue.Count: > 0, TrashedAt: null } && turn.Interruption?.Reason != "stop")
            await Prompting.StartAsync(this, Session.Queue[0], null);
    }

    private async Task CloseAsync(TurnId turn, EventBody ending, StopReason stop, Cause? by)
    {
        var why = stop == StopReason.Interrupted ? "The turn was interrupted before this call had a result." : "The turn failed before this call had a result.";
        var closing = new Closing(_parts.Ids).Messages(_memory.Messages, _live.SoFar(), stop, why).Questions(Session.Questions);
        await AppendAsync([.. closing.Bodies, ending], by);
        _live.Clear();
    }

    // Only the runner knows the turn and the number of messages for certain.
    private List<EventBody> Placed(IReadOnlyList<EventBody> bodies, TurnId turn)
    {
        var messages = Session.Messages;
        return [.. bodies.Select(b => b is MessageAdded added ? added with { Turn = turn, N = ++messages } : b)];
    }

    private Task CheckpointAsync() =>
        WhileItLastsAsync(async () =>
        {
            if (!HasFailed && _live.TakeCheckpoints() is { Count: > 0 } checkpoints)
                await AppendAsync(checkpoints, null);
        });

    // For what nobody waits for: when the log takes no more, or the runner was let go, the next one who opens the session mends what is missing.
    internal async Task WhileItLastsAsync(Func<Task> work)
    {
        try
        {
            await _mailbox.DoAsync(work, CancellationToken.None);
        }
        catch (Exception e) when (e is SkeinException or ChannelClosedException)
        {
            // A failed append has been told where it failed.
        }
    }

    private void Fail(SkeinException e)
    {
        HasFailed = true;
        _parts.Logger.RunnerFailed(_writer.Session, e);
        _turn?.Interrupt(new Interruption("stop", null));
        _live.Clear();
    }
}
