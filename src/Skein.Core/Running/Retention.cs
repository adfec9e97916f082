using Microsoft.Extensions.Logging;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>How long sessions are kept. Null everywhere: for ever.</summary>
/// <param name="Days">Sessions that did not change for longer go to the trash; 0: all do.</param>
/// <param name="Sessions">Of those that are not in the trash so many stay, the most recently changed ones; 0: none does. Those that work for another count as one with it.</param>
/// <param name="TrashDays">Sessions that are in the trash for longer are purged; 0: all are.</param>
public sealed record RetentionRules(int? Days = null, int? Sessions = null, int? TrashDays = null)
{
    public static RetentionRules KeepAll { get; } = new();
}

/// <summary>What a retention did.</summary>
public sealed record Retained(IReadOnlyList<SessionId> Trashed, IReadOnlyList<SessionId> Purged);

/// <summary>
/// Puts sessions into the trash by age and number, and purges by age what is there. Exempt from the trash: pinned ones, those with a turn
/// or a prompt that waits, and those that a fork began from. Exempt ones count towards the number. A session stays or goes with those that work
/// for it: what is true of one of them, also that it changed, is true of all.
/// </summary>
internal sealed class Retention(ISessionStore store, Runners runners, TimeProvider time, ILogger logger)
{
    private static readonly Cause s_by = new("skein");

    /// <param name="trash">Trashes what belongs to a session that has gone to the trash.</param>
    /// <param name="purge">Purges a session.</param>
    public async Task<Retained> ApplyAsync(
        RetentionRules rules, Func<SessionId, CancellationToken, Task> trash, Func<SessionId, CancellationToken, Task> purge, CancellationToken cancellationToken)
    {
        // First, so that nothing is purged that has only just come to the trash.
        var purged = await PurgeAsync(rules, purge, cancellationToken);
        var trashed = await TrashAsync(rules, trash, cancellationToken);
        return new Retained(trashed, purged);
    }

    private async Task<IReadOnlyList<SessionId>> PurgeAsync(RetentionRules rules, Func<SessionId, CancellationToken, Task> purge, CancellationToken cancellationToken)
    {
        if (rules.TrashDays is not { } days)
            return [];

        var before = Before(days);
        var old = (await AllAsync(trashed: true, cancellationToken)).Where(s => s.TrashedAt <= before && !s.IsLive).Select(s => s.Id);
        return await EachAsync(
            old,
            async session =>
            {
                await purge(session, cancellationToken);
                return true;
            });
    }

    private async Task<IReadOnlyList<SessionId>> TrashAsync(RetentionRules rules, Func<SessionId, CancellationToken, Task> trash, CancellationToken cancellationToken)
    {
        if (rules is { Days: null, Sessions: null })
            return [];

        var rows = await AllAsync(trashed: false, cancellationToken);
        var origins = rows.Concat(await AllAsync(trashed: true, cancellationToken))
            .SelectMany(s => s.Segments.Select(g => g.Session).Append(s.ForkedFrom?.Session ?? s.Id).Where(origin => origin != s.Id))
            .ToHashSet();
        var before = rules.Days is { } days ? Before(days) : DateTimeOffset.MinValue;
        var due = Families(rows)
            .Where((family, i) => (family.First().UpdatedAt <= before || i >= rules.Sessions) && !family.Any(s => IsInUse(s) || origins.Contains(s.Id)))
            .ToDictionary(family => family.Key, family => family.ToList());
        var trashed = await EachAsync(due.Keys, session => TrashAsync(due[session].Find(s => s.Id == session)!, trash, cancellationToken));
        return [.. trashed.SelectMany(session => due[session]).Select(s => s.Id)];
    }

    // By the one that nobody here has work for; in the order of the rows, as is each.
    private static IEnumerable<IGrouping<SessionId, Session>> Families(List<Session> rows)
    {
        var byId = rows.ToDictionary(s => s.Id);
        var tops = new Dictionary<SessionId, SessionId>();
        return rows.GroupBy(Top);

        SessionId Top(Session session)
        {
            // Also where a log that somebody wrote by hand goes in a circle.
            if (tops.TryAdd(session.Id, session.Id) && session.Parent is { } above && byId.TryGetValue(above, out var parent))
                tops[session.Id] = Top(parent);
            return tops[session.Id];
        }
    }

    // Decided again where nothing can come in between: a prompt may have arrived since the list was made.
    private async Task<bool> TrashAsync(Session listed, Func<SessionId, CancellationToken, Task> trash, CancellationToken cancellationToken)
    {
        var isDue = await runners.RunAsync(
            listed.Id,
            async runner =>
            {
                if (runner.Session.Seq != listed.Seq || IsInUse(runner.Session))
                    return false;
                await runner.AppendAsync([new SessionTrashed()], s_by);
                return true;
            },
            cancellationToken);
        if (isDue)
            await trash(listed.Id, cancellationToken);
        return isDue;
    }

    // One that fails is told and does not keep the others.
    private async Task<IReadOnlyList<SessionId>> EachAsync(IEnumerable<SessionId> sessions, Func<SessionId, Task<bool>> act)
    {
        List<SessionId> done = [];
        foreach (var session in sessions)
        {
            try
            {
                if (await act(session))
                    done.Add(session);
            }
            catch (SkeinException e)
            {
                logger.RetentionFailed(session, e);
            }
        }

        return done;
    }

    private static bool IsInUse(Session session) => session.Pinned || session.IsLive || session.Queue.Count > 0 || session.TrashedAt is not null;

    // More days than there have been keep everything.
    private DateTimeOffset Before(int days) => time.GetUtcNow() is var now && days <= (now - DateTimeOffset.MinValue).Days ? now.AddDays(-days) : DateTimeOffset.MinValue;

    private Task<List<Session>> AllAsync(bool trashed, CancellationToken cancellationToken) => SessionRows.AllAsync(store, trashed, cancellationToken);
}
