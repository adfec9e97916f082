using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// Carries what a fork did into its origin: its files by a three-way merge, and one message. On the origin's mailbox only, so that no turn
/// begins meanwhile. The log is told before the first file is written, as with a restore, and whoever takes over finishes it.
/// </summary>
internal sealed class Merging(ISessionStore store, IFileCheckpoints? files)
{
    /// <exception cref="ConflictException">It is no fork, or has nothing that is new.</exception>
    /// <exception cref="BusyException">A turn runs in the fork.</exception>
    /// <exception cref="MergeConflictsException"/>
    public async Task<MergeOutcome> MergeAsync(SessionRunner runner, SessionId fork, ConflictChoice choice, Cause by, CancellationToken cancellationToken)
    {
        var theirs = await store.FindAsync(fork, cancellationToken) ?? throw new SessionNotFoundException(fork);
        if (await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is not null && await FindLastAsync(runner.Session, fork, cancellationToken) is { } done)
            return new MergeOutcome(runner.Session, done is { From: { } from, To: { } to } ? await files!.CompareAsync(from, to, cancellationToken) : [], done.Conflicts ?? []);

        Sessions.RequireIdle(Sessions.Usable(theirs));
        var before = await FindLastAsync(runner.Session, fork, cancellationToken);
        var since = Math.Max(theirs.ForkedFrom!.Seq, before?.Upto ?? 0);
        var said = (await MessagePages.ReadAsync(store, theirs, null, MergeMessage.MostMessages, cancellationToken)).Items.Where(m => m.Seq > since).ToList();

        var merge = await MergeFilesAsync(runner.Session, theirs, before, choice, cancellationToken);
        if (merge is { Merged.Conflicts.Count: > 0 } && choice == ConflictChoice.Abort)
            throw new MergeConflictsException(fork, merge.Merged.Conflicts);
        if (said.Count == 0 && (merge is null || merge.Merged.Tree == merge.Ours.Tree))
            throw new ConflictException($"Session {fork} has nothing to merge: since it was forked, or merged the last time, nothing was said in it and no file was changed.");

        var (changes, conflicts) = (merge?.Changes ?? [], merge?.Merged.Conflicts ?? []);
        var (turn, message) = (runner.Ids.Next<TurnId>(), runner.Ids.Next<MessageId>());
        List<EventBody> bodies =
        [
            new ForkMerged(fork, turn, message, theirs.Seq, choice, merge?.Ours.Tree, merge?.Merged.Tree, merge?.Theirs, Checkpointing.Bounded(conflicts)),
            new MessageAdded(
                message, Role.User, MessageStatus.Completed, runner.Session.Messages + 1,
                [new MessagePart(runner.Ids.Next<PartId>(), new TextPart(MergeMessage.Of(theirs, said, changes, conflicts, choice)))], turn),
        ];
        if (merge is null)
            await runner.AppendAsync(bodies, by);
        else
            await FileRewinds.RestoreAsync(runner, files!, [Checkpointing.Of(merge.Ours, turn, before: true), .. bodies], merge.Ours, merge.Merged.Tree, by, cancellationToken);
        return new MergeOutcome(runner.Session, changes, conflicts);
    }

    /// <summary>Whether the last thing that was said in a session is what a merge told of this fork, which can then be taken back.</summary>
    /// <exception cref="ConflictException">It is not.</exception>
    public async Task<ForkMerged> RequireLastAsync(Session origin, SessionId fork, CancellationToken cancellationToken)
    {
        var merged = await FindLastAsync(origin, fork, cancellationToken) ?? throw new ConflictException($"Session {fork} is not merged into session {origin.Id}.");
        var newest = (await MessagePages.ReadAsync(store, origin, null, 1, cancellationToken)).Items;
        return newest is [.., var last] && last.Id == merged.Message
            ? merged
            : throw new ConflictException($"Session {origin.Id} went on after {fork} was merged into it, so that the merge cannot be taken back alone: rewind it to a message before.");
    }

    private async Task<ForkMerged?> FindLastAsync(Session origin, SessionId fork, CancellationToken cancellationToken)
    {
        await foreach (var e in store.ReadBackAsync(origin.Id, long.MaxValue, cancellationToken))
        {
            if (e.Body is ForkMerged merged && merged.Fork == fork && !origin.Hides(e.Seq))
                return merged;
        }

        return null;
    }

    // Null: both work in one folder, where the fork's changes are already.
    private async Task<FileMerge?> MergeFilesAsync(Session origin, Session fork, ForkMerged? before, ConflictChoice choice, CancellationToken cancellationToken)
    {
        if (origin.Workspace == fork.Workspace)
            return null;
        if (files is null)
            throw new ConflictException($"Session {fork.Id} works in another folder than session {origin.Id}, and this server takes no snapshots, by which files are merged.");

        var common = before?.Theirs ?? fork.Worktree?.Tree ?? await FindCommonAsync(fork, cancellationToken)
            ?? throw new ConflictException($"Session {fork.Id} works in another folder than session {origin.Id}, and no snapshot tells what both began with.");
        var ours = await files.TakeAsync(origin.Id, origin.Workspace, cancellationToken);
        // Of a folder that is gone there is what the fork left; what is there is kept for the origin too.
        var theirs = Directory.Exists(fork.Workspace) ? (await files.TakeAsync(origin.Id, fork.Workspace, cancellationToken)).Tree : fork.Files?.Last ?? common;
        var merged = await files.MergeAsync((origin.Id, ours.Tree), (fork.Id, theirs), common, choice, cancellationToken);
        return new FileMerge(ours, theirs, merged, await files.CompareAsync(ours.Tree, merged.Tree, cancellationToken));
    }

    private async Task<string?> FindCommonAsync(Session fork, CancellationToken cancellationToken)
    {
        await foreach (var e in store.ReadBackAsync(fork.Id, fork.ForkedFrom!.Seq + 1, cancellationToken))
        {
            if (e.Body is FilesCheckpointed taken)
                return taken.Tree;
        }

        return fork.Files?.First;
    }

    private sealed record FileMerge(Snapshot Ours, string Theirs, MergedTree Merged, IReadOnlyList<FileChange> Changes);
}
