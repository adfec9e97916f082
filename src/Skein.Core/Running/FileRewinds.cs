using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Rewinds, and takes rewinds back, with the files or without. On the runner's mailbox only, so that no turn begins meanwhile.</summary>
internal sealed class FileRewinds(ISessionStore store, IFileCheckpoints? files)
{
    /// <exception cref="ConflictException">There is no message to rewind, or no snapshot of the files.</exception>
    /// <exception cref="FilesChangedException"/>
    public async Task RewindAsync(SessionRunner runner, RewindRequest request, Cause by, CancellationToken cancellationToken)
    {
        var session = runner.Session;
        if (await Rewinding.OfAsync(store, session, request.Message, cancellationToken) is not [SessionRewound rewound])
            return;

        if (!request.Files)
        {
            await runner.AppendAsync([rewound], by);
            return;
        }

        var trees = Trees(session);
        var target = await Checkpointing.FindTreeAfterAsync(store, session, rewound.Keep, cancellationToken);
        var now = await TakeAsync(runner, trees, request.Force, cancellationToken);
        await RestoreAsync(runner, files!, [Checkpointing.Of(now), rewound with { Tree = now.Tree }], now, target ?? now.Tree, by, cancellationToken);
    }

    /// <exception cref="ConflictException">Nothing was rewound since the last message, or not the files.</exception>
    /// <exception cref="FilesChangedException"/>
    public async Task UnrewindAsync(SessionRunner runner, UnrewindRequest request, Cause by, CancellationToken cancellationToken)
    {
        var session = runner.Session;
        if (session.Rewinds is not [.., var last])
            throw new ConflictException($"Session {session.Id} has no rewind to undo: none was made since its last message.");

        var back = new SessionUnrewound(last.MessagesBefore);
        if (!request.Files)
        {
            await runner.AppendAsync([back], by);
            return;
        }

        var trees = Trees(session);
        var target = last.Tree ?? throw new ConflictException($"Session {session.Id} was rewound without its files: there are none to bring back.");
        var now = await TakeAsync(runner, trees, request.Force, cancellationToken);
        await RestoreAsync(runner, files!, [Checkpointing.Of(now), back], now, target, by, cancellationToken);
    }

    /// <summary>For one who takes the session over: ends what was being restored when a server died.</summary>
    public static async Task FinishAsync(SessionRunner runner, IFileCheckpoints? files)
    {
        if (files is null || runner.Session.Files?.Restoring is not { } restoring)
            return;

        try
        {
            var restored = await CarryOutAsync(runner, files, restoring, CancellationToken.None);
            var repair = new Repair("files", "Files that were being restored when the server died are restored now.");
            await runner.AppendAsync([.. restored, new SessionRepaired([repair])], new Cause("skein"));
        }
        catch (CheckpointException e)
        {
            await runner.AppendAsync([new FilesCheckpointFailed($"Files that were being restored when the server died are not: {e.Message}")], new Cause("skein"));
        }
    }

    /// <summary>Tells the log first, then restores, then tells what was done: whoever finds the first without the last goes on.</summary>
    /// <param name="why">What is told first, the snapshot of what is there now among it.</param>
    public static async Task RestoreAsync(
        SessionRunner runner, IFileCheckpoints files, IReadOnlyList<EventBody> why, Snapshot now, string target, Cause by, CancellationToken cancellationToken)
    {
        if (target == now.Tree)
        {
            await runner.AppendAsync(why, by);
            return;
        }

        // It must be there before anything is promised.
        await files.CompareAsync(now.Tree, target, cancellationToken);
        var started = new FilesRestoreStarted(now.Tree, target);
        await runner.AppendAsync([.. why, started], by);
        await runner.AppendAsync(await CarryOutAsync(runner, files, started, CancellationToken.None), by);
    }

    private static async Task<IReadOnlyList<EventBody>> CarryOutAsync(
        SessionRunner runner, IFileCheckpoints files, FilesRestoreStarted restore, CancellationToken cancellationToken)
    {
        var session = runner.Session;
        var kept = await files.RestoreAsync(session.Id, session.Workspace, restore.From, restore.To, cancellationToken);
        var after = await files.TakeAsync(session.Id, session.Workspace, cancellationToken);
        return [new FilesRestored(restore.From, restore.To, Checkpointing.Bounded(kept)), Checkpointing.Of(after)];
    }

    private async Task<Snapshot> TakeAsync(SessionRunner runner, SessionTrees trees, bool force, CancellationToken cancellationToken)
    {
        var session = runner.Session;
        var now = await files!.TakeAsync(session.Id, session.Workspace, cancellationToken);
        if (now.Tree != trees.Last && !force)
            throw new FilesChangedException(session.Id, await files.CompareAsync(trees.Last, now.Tree, cancellationToken));
        return now;
    }

    private SessionTrees Trees(Session session) =>
        files is not null && session.Files is { } trees ? trees : throw new ConflictException($"Session {session.Id} has no snapshots of its files: rewind it without them.");
}
