namespace Skein.Core.Running;

/// <summary>All rows of a store, whatever their number.</summary>
internal static class SessionRows
{
    /// <param name="trashed">Those in the trash instead of the others; archived ones are among both.</param>
    public static Task<List<Session>> AllAsync(ISessionStore store, bool trashed, CancellationToken cancellationToken) =>
        ListAsync(store, new SessionQuery(Archived: null, Trashed: trashed), cancellationToken);

    /// <summary>Those that work for a session.</summary>
    public static Task<List<Session>> BelowAsync(ISessionStore store, SessionId parent, bool trashed, CancellationToken cancellationToken) =>
        ListAsync(store, new SessionQuery(Archived: null, Parent: parent, Trashed: trashed), cancellationToken);

    private static async Task<List<Session>> ListAsync(ISessionStore store, SessionQuery query, CancellationToken cancellationToken)
    {
        List<Session> all = [];
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(query with { Cursor = cursor, Limit = 1000 }, cancellationToken);
            all.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return all;
    }
}
