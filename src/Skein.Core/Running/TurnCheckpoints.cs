using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Running;

/// <summary>
/// Snapshots of the workspace in one turn: before the first call that may change a file, after each that may have, and at the end if there
/// was one, since a call that was interrupted tells of no end. A turn never fails for it.
/// </summary>
internal sealed class TurnCheckpoints(SessionRunner runner, IFileCheckpoints? files, Session session, TurnId turn, TimeProvider time)
{
    /// <summary>How long an ended turn may wait for its last snapshot.</summary>
    private static readonly TimeSpan s_lastWithin = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _changing = new(StringComparer.Ordinal);
    private string? _last;
    private bool _isOff = files is null;

    /// <summary>For an agent that tells of a call when that has begun: what is there before the turn.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => TakeAsync(before: true, null, cancellationToken);

    /// <summary>Before calls begin.</summary>
    public async Task BeforeAsync(IReadOnlyList<EventBody> bodies, CancellationToken cancellationToken)
    {
        foreach (var started in bodies.OfType<ToolStarted>().Where(s => !s.Reads))
            _changing.Add(started.CallId);
        if (_last is null && _changing.Count > 0)
            await TakeAsync(before: true, null, cancellationToken);
    }

    /// <summary>After calls have ended.</summary>
    public async Task AfterAsync(IReadOnlyList<EventBody> bodies, CancellationToken cancellationToken)
    {
        if (bodies.OfType<ToolFinished>().LastOrDefault(f => _changing.Remove(f.CallId)) is { } finished)
            await TakeAsync(before: false, finished.CallId, cancellationToken);
    }

    /// <summary>When the turn has ended, however it did.</summary>
    public async Task EndAsync()
    {
        if (_last is null || runner.HasFailed)
            return;

        using var late = new CancellationTokenSource(s_lastWithin, time);
        await TakeAsync(before: false, null, late.Token);
    }

    // One that shows nothing new is not told of, but for the turn's first: where it began must be found again.
    private async Task TakeAsync(bool before, string? callId, CancellationToken cancellationToken)
    {
        if (_isOff)
            return;

        EventBody told;
        try
        {
            if (before && !await files!.AreOnAsync(session.Workspace, cancellationToken))
            {
                _isOff = true;
                return;
            }

            var snapshot = await files!.TakeAsync(session.Id, session.Workspace, cancellationToken);
            if (snapshot.Tree == _last)
                return;
            _last = snapshot.Tree;
            told = Checkpointing.Of(snapshot, turn, callId, before);
        }
        catch (OperationCanceledException)
        {
            // The agent is told of the interrupt, not cut off. The turn's last snapshot shows what this one would have, or else the next turn's.
            return;
        }
        catch (CheckpointException e)
        {
            _isOff = e.Lasts;
            if (e.Lasts && session.FilesProblem == e.Message)
                return;
            told = new FilesCheckpointFailed(e.Message, turn);
        }

        await runner.DoAsync(() => runner.AppendAsync([told], null), CancellationToken.None);
    }
}
