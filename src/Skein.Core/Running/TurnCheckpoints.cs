using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Running;

/// <summary>
/// Snapshots of the workspace in one turn: before the first call that may change a file, after each that may have, and at the end where
/// something may have changed since, as by a call that was interrupted or works on in the background. A turn never fails for it.
/// </summary>
internal sealed class TurnCheckpoints(SessionRunner runner, IFileCheckpoints? files, Session session, TurnId turn, TimeProvider time)
{
    /// <summary>How long the last snapshot may take.</summary>
    private static readonly TimeSpan s_lastWithin = TimeSpan.FromSeconds(5);

    /// <summary>How long an interrupted turn, or one that changed nothing, waits for a snapshot. Then that is taken beside what comes next.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a snapshot may take before people are told what is being waited for.</summary>
    private static readonly TimeSpan s_untold = TimeSpan.FromSeconds(1);

    private static readonly Task<IReadOnlyList<SessionEvent>> s_nothing = Task.FromResult<IReadOnlyList<SessionEvent>>([]);

    private readonly HashSet<string> _changing = new(StringComparer.Ordinal);
    private Task _first = Task.CompletedTask;
    private Task? _begun;
    private volatile EventBody? _untold;
    private string? _last;
    private bool _isTold;
    private bool _isBeside;
    private bool _isOpen;
    private bool _isOff = files is null;

    /// <summary>Completes when no snapshot of the turn is being taken any more.</summary>
    public Task Last { get; private set; } = Task.CompletedTask;

    /// <summary>For an agent that tells of a call when that has begun: what is there before the turn, taken beside its beginning.</summary>
    public void Begin(CancellationToken cancellationToken)
    {
        _isBeside = true;
        _first = _isOff ? Task.CompletedTask : Task.Run(async () => _untold = await FindNewAsync(before: true, null, cancellationToken), CancellationToken.None);
    }

    /// <summary>Completes when what there was before the turn is kept and in the log, or cannot be.</summary>
    public Task BegunAsync(CancellationToken cancellationToken) =>
        Task.WhenAny(LazyInitializer.EnsureInitialized(ref _begun, TellFirstAsync)).WaitAsync(cancellationToken);

    /// <summary>
    /// What the first snapshot showed, where nobody has needed it in the log yet: it goes there with what the agent tells first, and has no flush
    /// of its own while the agent begins. Null: nothing. On the mailbox only.
    /// </summary>
    public EventBody? TakeUntold()
    {
        var untold = _untold;
        _untold = null;
        return untold;
    }

    /// <summary>Before calls begin.</summary>
    public async Task BeforeAsync(IReadOnlyList<EventBody> bodies, CancellationToken cancellationToken)
    {
        foreach (var started in bodies.OfType<ToolStarted>().Where(s => !s.Reads))
            _isOpen |= _changing.Add(started.CallId);
        if (_last is null && !_isBeside && _isOpen)
            await TakeAsync(before: true, null, cancellationToken);
    }

    /// <summary>After calls have ended.</summary>
    public async Task AfterAsync(IReadOnlyList<EventBody> bodies, CancellationToken cancellationToken)
    {
        if (bodies.OfType<ToolFinished>().LastOrDefault(f => _changing.Remove(f.CallId)) is not { } finished)
            return;
        await BegunAsync(CancellationToken.None);
        await TakeAsync(before: false, finished.CallId, cancellationToken);
        _isOpen = _changing.Count > 0 || cancellationToken.IsCancellationRequested;
    }

    /// <summary>When the turn has ended, however it did.</summary>
    /// <param name="ranBeside">As <see cref="Agents.IAgent.RanBeside"/>.</param>
    public Task EndAsync(bool ranBeside, bool isInterrupted)
    {
        var isWanted = _isOpen || ranBeside;
        Last = EndAsync(isWanted);
        return isWanted && !isInterrupted ? Last : Task.WhenAny(Last, Task.Delay(s_patience, time));
    }

    private async Task EndAsync(bool isWanted)
    {
        await BegunAsync(CancellationToken.None);
        if (!isWanted || _last is null || runner.HasFailed)
            return;

        using var late = new CancellationTokenSource(s_lastWithin, time);
        try
        {
            await TakeAsync(before: false, null, late.Token);
        }
        catch (Exception e) when (e is System.Threading.Channels.ChannelClosedException || (e is SkeinException && runner.HasFailed))
        {
            // The session was let go, or its log takes no more: the next turn's first snapshot shows the same.
        }
    }

    private async Task TellFirstAsync()
    {
        await _first;
        await runner.DoAsync(() => TakeUntold() is { } untold ? runner.AppendAsync([untold], null) : s_nothing, CancellationToken.None);
    }

    private async Task TakeAsync(bool before, string? callId, CancellationToken cancellationToken)
    {
        if (await FindNewAsync(before, callId, cancellationToken) is { } found)
            await runner.DoAsync(() => runner.AppendAsync([found], null), CancellationToken.None);
    }

    // One that shows nothing new is not told of, but for the turn's first: where it began must be found again.
    private async Task<EventBody?> FindNewAsync(bool before, string? callId, CancellationToken cancellationToken)
    {
        if (_isOff)
            return null;

        try
        {
            if (before && !await files!.AreOnAsync(session.Workspace, cancellationToken))
            {
                _isOff = true;
                return null;
            }

            var snapshot = await TellingAsync(cancellationToken);
            if (snapshot.Tree == _last)
                return null;
            _last = snapshot.Tree;
            return Checkpointing.Of(snapshot, turn, callId, before);
        }
        catch (OperationCanceledException)
        {
            // The agent is told of the interrupt, not cut off. The turn's last snapshot shows what this one would have, or else the next turn's.
            return null;
        }
        catch (CheckpointException e)
        {
            _isOff = e.Lasts;
            return e.Lasts && session.FilesProblem == e.Message ? null : new FilesCheckpointFailed(e.Message, turn);
        }
    }

    private async Task<Snapshot> TellingAsync(CancellationToken cancellationToken)
    {
        var reading = -1;
        var taking = files!.TakeAsync(session.Id, session.Workspace, count => reading = count, cancellationToken);
        try
        {
            if (!_isTold)
                return await taking.WaitAsync(s_untold, time, CancellationToken.None);
        }
        catch (TimeoutException) when (!taking.IsCompleted)
        {
            _isTold = true;
            await runner.DoAsync(() => runner.AppendAsync([new FilesCheckpointDelayed(turn, reading < 0 ? null : reading)], null), CancellationToken.None);
        }

        return await taking;
    }
}
