using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What became of the files of a session, as its snapshots have it.</summary>
internal sealed class FileDiffs(ISessionStore store, IFileCheckpoints? files)
{
    /// <summary>A patch that is longer is no longer read by anybody.</summary>
    private const int LongestPatch = 16 << 20;

    /// <param name="turn">What this one changed; null: what there is since the session began to change files.</param>
    /// <param name="withPatch">Whether the changed lines are wanted too.</param>
    /// <exception cref="NotInSessionException">There is no such turn.</exception>
    /// <exception cref="ConflictException">Files were not snapshotted.</exception>
    public async Task<SessionDiff> ReadAsync(Session session, TurnId? turn, bool withPatch, CancellationToken cancellationToken)
    {
        if (files is null)
            throw NoSnapshots(session);
        var (from, to) = turn is { } one ? await TreesOfAsync(session, one, cancellationToken) : session.Files is { } all ? (all.First, all.Last) : throw NoSnapshots(session);
        if (from is null || to is null || from == to)
            return new SessionDiff([], from, to, withPatch ? "" : null);

        var changes = await files.CompareAsync(from, to, cancellationToken);
        if (!withPatch)
            return new SessionDiff(changes, from, to);
        var (patch, isCut) = await files.PatchAsync(from, to, LongestPatch, cancellationToken);
        return new SessionDiff(changes, from, to, patch, isCut);
    }

    // A turn that called nothing which may change a file has none; one whose first could not be taken shows what came after the next.
    private async Task<(string? From, string? To)> TreesOfAsync(Session session, TurnId turn, CancellationToken cancellationToken)
    {
        string? from = null, to = null, problem = null;
        await foreach (var e in store.ReadBackAsync(session.Id, long.MaxValue, cancellationToken))
        {
            if (e.Body is ForkMerged merged && merged.Turn == turn)
                return (merged.From, merged.To);
            if (e.Body is FilesCheckpointed taken && taken.Turn == turn)
                (from, to) = (taken.Tree, to ?? taken.Tree);
            else if (e.Body is FilesCheckpointFailed failed && failed.Turn == turn)
                problem = failed.Reason;
            else if (e.Body is TurnStarted started && started.Turn == turn)
                return from is not null || (problem is null && session.Files is not null) ? (from, to) : throw NoSnapshots(session, problem);
        }

        throw new NotInSessionException(session.Id, $"turn {turn}");
    }

    private static ConflictException NoSnapshots(Session session, string? problem = null) =>
        new($"Session {session.Id} has no snapshots of its files, so what changed is not known.{((problem ?? session.FilesProblem) is { } why ? " " + why : "")}");
}
