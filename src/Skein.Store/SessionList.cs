using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Skein.Core;

namespace Skein.Store;

/// <summary>Pages of rows, most recently updated first, the same instant by id.</summary>
internal static class SessionList
{
    private const int MostItems = 1000;

    /// <exception cref="InvalidRequestException">The limit or the cursor breaks its rule.</exception>
    public static SessionPage Page(IEnumerable<Session> rows, SessionQuery query)
    {
        if (query.Limit is < 1 or > MostItems)
            throw new InvalidRequestException($"The limit is {query.Limit}: it must be 1 to {MostItems}.");

        var from = query.Cursor is null ? null : Place.Parse(query.Cursor);
        var found = Newest(from is null ? rows : rows.Where(from.IsBefore), query);
        return found.Count <= query.Limit
            ? new SessionPage(found, null)
            : new SessionPage(found.GetRange(0, query.Limit), Place.Of(found[query.Limit - 1]).ToString());
    }

    /// <summary>All rows that were asked for, whatever the cursor and the limit.</summary>
    public static List<Session> Newest(IEnumerable<Session> rows, SessionQuery query)
    {
        var workspace = query.Workspace is null ? null : Folder(query.Workspace);
        var found = rows.Where(s => Matches(s, query, workspace)).ToList();
        found.Sort(static (x, y) => y.UpdatedAt.CompareTo(x.UpdatedAt) is var order and not 0 ? order : string.CompareOrdinal(x.Id.Value, y.Id.Value));
        return found;
    }

    private static bool Matches(Session s, SessionQuery query, string? workspace) =>
        s.TrashedAt is not null == query.Trashed
        && (query.Archived is null || s.Archived == query.Archived)
        && (query.Status is null || s.Status == query.Status)
        && (query.Agent is null || s.Agent == query.Agent)
        && (query.Parent is null || s.Parent == query.Parent)
        && (query.IdStart is null || IdText.Begins(s.Id.Value.AsSpan(SessionId.Prefix.Length), query.IdStart))
        && (query.AgentSession is null || s.AgentSession == query.AgentSession)
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
