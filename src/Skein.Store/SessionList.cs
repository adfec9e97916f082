using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Skein.Core;

namespace Skein.Store;

/// <summary>Pages of rows, most recently updated first, the same instant by id.</summary>
internal static class SessionList
{
    private const int MostItems = 1000;

    private static readonly Comparer<Session> s_newestFirst = Comparer<Session>.Create(
        static (x, y) => y.UpdatedAt.CompareTo(x.UpdatedAt) is var order and not 0 ? order : string.CompareOrdinal(x.Id.Value, y.Id.Value));
    private static readonly Comparer<Session> s_oldestFirst = Comparer<Session>.Create(static (x, y) => s_newestFirst.Compare(y, x));

    /// <exception cref="InvalidRequestException">The limit or the cursor breaks its rule.</exception>
    public static SessionPage Page(IEnumerable<Session> rows, SessionQuery query)
    {
        if (query.Limit is < 1 or > MostItems)
            throw new InvalidRequestException($"The limit is {query.Limit}: it must be 1 to {MostItems}.");

        var from = query.Cursor is null ? null : Place.Parse(query.Cursor);
        var found = Newest(Matching(from is null ? rows : rows.Where(from.IsBefore), query), query.Limit + 1);
        return found.Length <= query.Limit
            ? new SessionPage(found, null)
            : new SessionPage(found[..query.Limit], Place.Of(found[query.Limit - 1]).ToString());
    }

    /// <summary>The rows that were asked for, whatever the cursor and the limit, in no order.</summary>
    public static IEnumerable<Session> Matching(IEnumerable<Session> rows, SessionQuery query)
    {
        var workspace = query.Workspace is null ? null : Folder(query.Workspace);
        return rows.Where(s => Matches(s, query, workspace));
    }

    /// <summary>All rows, most recently updated first. Each is only looked for when it is asked for: whoever stops early has not waited for the rest.</summary>
    public static IEnumerable<Session> NewestFirst(IReadOnlyCollection<Session> rows)
    {
        var left = new PriorityQueue<Session, Session>(rows.Select(static row => (row, row)), s_newestFirst);
        while (left.TryDequeue(out var next, out _))
            yield return next;
    }

    // Of many rows a page needs few: no more are kept than it has.
    private static Session[] Newest(IEnumerable<Session> rows, int most)
    {
        var kept = new PriorityQueue<Session, Session>(s_oldestFirst);
        foreach (var row in rows)
        {
            if (kept.Count < most)
                kept.Enqueue(row, row);
            else
                kept.EnqueueDequeue(row, row);
        }

        var newest = new Session[kept.Count];
        for (var i = newest.Length - 1; i >= 0; i--)
            newest[i] = kept.Dequeue();
        return newest;
    }

    private static bool Matches(Session s, SessionQuery query, string? workspace) =>
        s.TrashedAt is not null == query.Trashed
        && (query.Archived is null || s.Archived == query.Archived)
        && (query.Status is null || s.Status == query.Status)
        && (query.Agent is null || s.Agent == query.Agent)
        && (query.Parent is null || s.Parent == query.Parent)
        && (query.IdStart is null || IdText.Begins(s.Id.Value.AsSpan(SessionId.Prefix.Length), query.IdStart))
        && (query.AgentSession is null || s.AgentSession == query.AgentSession)
        && (query.TitleStart is null || s.Title.StartsWith(query.TitleStart, StringComparison.Ordinal))
        && (query.ImportedAs is null || s.Imported?.Id == query.ImportedAs)
        && IsThere(s, query, workspace);

    private static bool IsThere(Session s, SessionQuery query, string? workspace)
    {
        if (workspace is null && query is { Project: null, NotIn: null })
            return true;
        var folder = Folder(s.Workspace);
        var asked = folder == workspace || (query.Project is { } project ? s.Project == project : workspace is null);
        return asked && query.NotIn?.Contains(folder) is not true;
    }

    private static string Folder(string path) => Path.TrimEndingDirectorySeparator(path);

    /// <summary>The last row of a page. Its text is the cursor: opaque to clients, checked when it comes back.</summary>
    private sealed record Place(DateTimeOffset UpdatedAt, SessionId Session)
    {
        public static Place Of(Session session) => new(session.UpdatedAt, session.Id);

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

        public bool IsBefore(Session s) =>
            s.UpdatedAt < UpdatedAt || (s.UpdatedAt == UpdatedAt && string.CompareOrdinal(s.Id.Value, Session.Value) > 0);

        public override string ToString() =>
            Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{UpdatedAt.UtcTicks}:{Session}")));
    }
}
