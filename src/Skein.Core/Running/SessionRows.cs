namespace Skein.Core.Running;

/// <summary>All rows of a store, whatever their number.</summary>
internal static class SessionRows
{
    /// <param name="trashed">Those in the trash instead of the others; archived ones are among both.</param>
    public static async Task<List<Session>> AllAsync(ISessionStore store, bool trashed, CancellationToken cancellationToken)
    {
        List<Session> all = [];
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(new SessionQuery(Archived: null, Trashed: trashed, Cursor: cursor, Limit: 1000), cancellationToken);
            all.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return all;
    }
}
