using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Running;

/// <summary>What the log is told of snapshots.</summary>
internal static class Checkpointing
{
    private const int MostTold = 20;

    public static FilesCheckpointed Of(Snapshot snapshot, TurnId? turn = null, string? callId = null, bool before = false) =>
        new(snapshot.Tree, turn, callId, before, Bounded(snapshot.LeftOut));

    /// <summary>The first of them, with a word about the others; null: there are none.</summary>
    public static IReadOnlyList<string>? Bounded(IReadOnlyList<string> all) => all.Count switch
    {
        0 => null,
        <= MostTold => all,
        _ => [.. all.Take(MostTold - 1), $"… and {all.Count - MostTold + 1} more"],
    };

    /// <summary>What the files were when a message had been said, and those after it, which are still visible, had not; null: nothing changed since.</summary>
    /// <param name="keep">The sequence of that message; 0: before all.</param>
    public static async Task<string?> FindTreeAfterAsync(ISessionStore store, Session session, long keep, CancellationToken cancellationToken)
    {
        var turns = new HashSet<TurnId>();
        var taken = new List<(long Seq, FilesCheckpointed Body)>();
        var first = long.MaxValue;
        await foreach (var e in store.ReadBackAsync(session.Id, long.MaxValue, cancellationToken))
        {
            if (e.Body is FilesCheckpointed checkpointed)
                taken.Add((e.Seq, checkpointed));
            else if (e.Body is MessageAdded added && e.Seq > keep && !session.Hides(e.Seq))
            {
                first = e.Seq;
                if (added.Turn is { } turn)
                    turns.Add(turn);
            }
            else if (e.Body is TurnStarted && e.Seq <= keep)
                break;
        }

        // In the middle of a turn, what its calls so far had left; else what was there before the turns that are rewound.
        var theirs = taken.Where(t => t.Body.Turn is { } turn && turns.Contains(turn)).ToList();
        var before = theirs.FindIndex(t => t.Seq < first);
        return before >= 0 ? theirs[before].Body.Tree : theirs is [.., var earliest] ? earliest.Body.Tree : null;
    }
}
