using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Store;

/// <summary>
/// Searches sessions, the most recently updated first. A log is looked through once, for the session that it is the log of; where that
/// one is not searched, for the fork that inherits most of it.
/// </summary>
internal sealed class StoreSearch(LogFolder logs, BlobFolder blobs, Disk disk)
{
    /// <param name="Stretches">The logs, oldest first; the findings are told as those of the last one's session.</param>
    private sealed record Work(IReadOnlyList<Stretch> Stretches);

    /// <param name="UpTo">The last sequence that counts.</param>
    private sealed record Stretch(SessionLog Log, long UpTo);

    public async IAsyncEnumerable<SearchFinding> RunAsync(
        SearchQuery query, TextMatcher matcher, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var content = new BlobScan(blobs, matcher);
        var hits = 0;
        await foreach (var findings in ManyLogs.ScanAsync(Plan(query), (work, token) => Scan(work, query, matcher, content, token), cancellationToken))
        {
            foreach (var finding in findings)
            {
                yield return finding;
                if (finding is SearchHit && ++hits == query.Limit)
                    yield break;
            }
        }

        foreach (var log in logs.All)
        {
            if (log.State is { Keys: null, Fault: { } fault })
                yield return new SearchSkipped(log.Id, fault);
        }
    }

    // What cannot be read is told of, and does not hide what can.
    private IReadOnlyList<SearchFinding> Scan(Work work, SearchQuery query, TextMatcher matcher, BlobScan content, CancellationToken cancellationToken)
    {
        string? fault = null;
        var stretches = work.Stretches.Select(s => (s.Log, State: Try(() => logs.Whole(s.Log)) ?? s.Log.State, s.UpTo)).ToList();
        if (stretches[^1] is not { Log: var own, State.Row: { } row })
            return fault is null ? [] : [new SearchSkipped(work.Stretches[^1].Log.Id, fault)];

        var edited = stretches.SelectMany(s => s.State.Row?.Edited.Keys ?? []).ToHashSet();
        var fold = new SearchFold(matcher, query, row, edited, blob => Try(() => content.Find(blob, cancellationToken)));
        var scan = new LogScan(disk, fold, matcher, cancellationToken);
        foreach (var (log, state, upTo) in stretches)
        {
            if (state.Row?.Damage.FirstOrDefault(gap => gap.IsLoss && gap.From <= upTo) is { } gap)
                fault ??= $"{log.Name} is damaged: {gap.Lost} cannot be read.";
            Try(() =>
            {
                scan.Read(log, state.End, upTo);
                return true;
            });
        }

        Try(() =>
        {
            scan.ReadArriving();
            return true;
        });
        var hits = fold.Finish();
        return fault is null ? hits : [.. hits, new SearchSkipped(own.Id, fault)];

        T? Try<T>(Func<T?> read)
        {
            try
            {
                return read();
            }
            catch (DamagedException e)
            {
                fault ??= e.Message;
                return default;
            }
        }
    }

    private IEnumerable<Work> Plan(SearchQuery query)
    {
        var sessions = SessionList.Matching(
            logs.Keys.Where(s => query.Since is null || s.UpdatedAt >= query.Since),
            new SessionQuery(query.Workspace, Archived: null, Agent: query.Agent, Project: query.Project, NotIn: query.NotIn, Trashed: query.Trashed),
            logs.FindRow).ToList();
        var heirs = HeirsOf(sessions);
        foreach (var session in SessionList.NewestFirst(sessions))
        {
            if (logs.Find(session.Id) is not { } log)
                continue;

            var inherited = session.Links.Segments
                .Where(s => heirs.TryGetValue(s.Session, out var heir) && heir.Session == session.Id)
                .Select(s => (Origin: logs.Find(s.Session), s.UpTo))
                .Where(s => s.Origin is not null)
                .Select(s => new Stretch(s.Origin!, s.UpTo));
            yield return new Work([.. inherited, new Stretch(log, long.MaxValue)]);
        }
    }

    /// <summary>For origins that are not searched themselves: the fork that has most of them.</summary>
    private static Dictionary<SessionId, (SessionId Session, long UpTo)> HeirsOf(List<SessionKeys> sessions)
    {
        var heirs = new Dictionary<SessionId, (SessionId Session, long UpTo)>();
        foreach (var session in sessions)
        {
            foreach (var segment in session.Links.Segments)
            {
                if (!heirs.TryGetValue(segment.Session, out var heir) || heir.UpTo < segment.UpTo)
                    heirs[segment.Session] = (session.Id, segment.UpTo);
            }
        }

        foreach (var session in sessions)
            heirs.Remove(session.Id);
        return heirs;
    }
}
