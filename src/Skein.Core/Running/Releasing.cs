using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Ends the live parts of many sessions at once.</summary>
internal static class Releasing
{
    private static readonly SessionStatus[] s_live = [SessionStatus.Running, SessionStatus.Waiting];

    public static async Task<Released> AllAsync(
        ISessionStore store, Runners runners, string? workspace, Func<SessionId, Task> release, CancellationToken cancellationToken)
    {
        var live = new HashSet<SessionId>();
        foreach (var session in runners.Sessions)
        {
            if (workspace is null || await store.FindAsync(session, cancellationToken) is { } row && IsFolder(row.Workspace, workspace))
                live.Add(session);
        }

        // One that waits for an answer may have no runner.
        foreach (var status in s_live)
        {
            for (var query = new SessionQuery(workspace, Archived: null, Status: status, Limit: 1000); ;)
            {
                var page = await store.ListAsync(query, cancellationToken);
                live.UnionWith(page.Items.Select(s => s.Id));
                if (page.Next is null)
                    break;
                query = query with { Cursor = page.Next };
            }
        }

        await Task.WhenAll(live.Select(release));
        return new Released([.. live.OrderBy(s => s.Value, StringComparer.Ordinal)]);
    }

    private static bool IsFolder(string workspace, string asked) =>
        Path.TrimEndingDirectorySeparator(workspace) == Path.TrimEndingDirectorySeparator(asked);
}
