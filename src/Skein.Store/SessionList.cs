using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Skein.Core;

namespace Skein.Store;

/// <summary>Pages of rows, most recently updated first, the same instant by id.</summary>
internal static class SessionList
{
    private const int MostItems = 1000;

    private static readonly Comparer<SessionKeys> s_newestFirst = Comparer<SessionKeys>.Create(
        static (x, y) => y.UpdatedAt.CompareTo(x.UpdatedAt) is var order and not 0 ? order : x.Id.CompareTo(y.Id));
    private static readonly Comparer<SessionKeys> s_oldestFirst = Comparer<SessionKeys>.Create(static (x, y) => s_newestFirst.Compare(y, x));

    /// <param name="rowOf">Reads a row; null where it is gone or cannot be read.</param>
    /// <exception cref="InvalidRequestException">The limit or the cursor breaks its rule.</exception>
    public static SessionPage Page(IEnumerable<SessionKeys> sessions, SessionQuery query, Func<SessionId, Session?> rowOf)
    {
        if (query.Limit is < 1 or > MostItems)
            throw new InvalidRequestException($"The limit is {query.Limit}: it must be 1 to {MostItems}.");

        var from = query.Cursor is null ? null : Place.Parse(query.Cursor);
        var found = Newest(Matching(from is null ? sessions : sessions.Where(from.IsBefore), query, rowOf), query.Limit + 1);
        var rows = found.Take(query.Limit).Select(keys => rowOf(keys.Id)).OfType<Session>().ToList();
        return new SessionPage(rows, found.Length <= query.Limit ? null : Place.Of(found[query.Limit - 1]).ToString());
    }

    /// <summary>The sessions that were asked for, whatever the cursor and the limit, in no order.</summary>
    /// <param name="rowOf">Is asked where keys do not decide.</param>
    public static IEnumerable<SessionKeys> Matching(IEnumerable<SessionKeys> sessions, SessionQuery query, Func<SessionId, Session?> rowOf)
    {
        var asked = new Asked(query);
        return sessions.Where(keys => asked.MayBe(keys) && (asked.IsDecidedByKeys || (rowOf(keys.Id) is { } row && asked.Is(row))));
    }

    /// <summary>All of them, most recently updated first. Each is only looked for when it is asked for: whoever stops early has not waited for the rest.</summary>
    public static IEnumerable<SessionKeys> NewestFirst(IReadOnlyCollection<SessionKeys> sessions)
    {
        var left = new PriorityQueue<SessionKeys, SessionKeys>(sessions.Count, s_newestFirst);
        left.EnqueueRange(sessions.Select(static keys => (keys, keys)));
        while (left.TryDequeue(out var next, out _))
            yield return next;
    }

    // Of many sessions a page needs few: no more are kept than it has.
    private static SessionKeys[] Newest(IEnumerable<SessionKeys> sessions, int most)
    {
        var kept = new PriorityQueue<SessionKeys, SessionKeys>(s_oldestFirst);
        foreach (var keys in sessions)
        {
            if (kept.Count < most)
                kept.Enqueue(keys, keys);
            else
                kept.EnqueueDequeue(keys, keys);
        }

        var newest = new SessionKeys[kept.Count];
        for (var i = newest.Length - 1; i >= 0; i--)
            newest[i] = kept.Dequeue();
        return newest;
    }

    /// <summary>What was asked for, made ready to be compared with many.</summary>
    private sealed class Asked(SessionQuery query)
    {
        private readonly FolderChoice _folders = new(query.Workspace, query.Project, query.NotIn);
        private readonly long _parent = Fingerprint.Of(query.Parent?.Value);
        private readonly long _agentSession = Fingerprint.Of(query.AgentSession);
        private readonly long _importedAs = Fingerprint.Of(query.ImportedAs);

        public bool IsDecidedByKeys { get; } = query is { Parent: null, AgentSession: null, TitleStart: null, ImportedAs: null };

        /// <summary>What the keys say.</summary>
        public bool MayBe(SessionKeys s) =>
            s.IsTrashed == query.Trashed
            && (query.Archived is null || s.Archived == query.Archived)
            && (query.Status is null || s.Status == query.Status)
            && (query.Agent is null || s.Agent == query.Agent)
            && (query.Parent is null || s.Links.Parent == _parent)
            && (query.IdStart is null || IdText.Begins(s.Id.Value.AsSpan(SessionId.Prefix.Length), query.IdStart))
            && (query.AgentSession is null || s.Links.AgentSession == _agentSession)
            && (query.TitleStart is null || Fingerprint.MayBegin(s.TitleStart, query.TitleStart))
            && (query.ImportedAs is null || s.Links.ImportedAs == _importedAs)
            && _folders.Has(s);

        /// <summary>What keys do not decide.</summary>
        public bool Is(Session s) =>
            (query.Parent is null || s.Parent == query.Parent)
            && (query.AgentSession is null || s.AgentSession == query.AgentSession)
            && (query.TitleStart is null || s.Title.StartsWith(query.TitleStart, StringComparison.Ordinal))
            && (query.ImportedAs is null || s.Imported?.Id == query.ImportedAs);
    }

    /// <summary>The last row of a page. Its text is the cursor: opaque to clients, checked when it comes back.</summary>
    private sealed record Place(DateTimeOffset UpdatedAt, SessionId Session)
    {
        public static Place Of(SessionKeys session) => new(session.UpdatedAt, session.Id);

        public static Place Parse(string cursor)
        {
            if (Base64Url.IsValid(cursor)
                && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(':') is [var ticks, var id]
                && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.Ticks
                && SessionId.TryParse(id, out var session))
            {
                return new Place(new DateTimeOffset(at, TimeSpan.Zero), session);
            }

            throw new InvalidRequestException($"The cursor '{(cursor.Length <= 80 ? cursor : cursor[..80] + "…")}' is malformed: it must be the 'next' of the page before.");
        }

        public bool IsBefore(SessionKeys s) =>
            s.UpdatedAt < UpdatedAt || (s.UpdatedAt == UpdatedAt && s.Id.CompareTo(Session) > 0);

        public override string ToString() =>
            Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{UpdatedAt.UtcTicks}:{Session}")));
    }
}
