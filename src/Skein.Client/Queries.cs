using System.Globalization;
using Skein.Core;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Client;

/// <summary>What is asked for as the query of a URL. What is as by default is left out.</summary>
internal static class Queries
{
    public static string Of(SessionQuery query)
    {
        var unasked = new SessionQuery();
        return Of(
            ("workspace", query.Workspace),
            ("archived", query.Archived == unasked.Archived ? null : query.Archived is { } archived ? Word(archived) : "any"),
            ("status", query.Status is { } status ? status.ToString().ToLowerInvariant() : null),
            ("agent", query.Agent),
            ("parent", query.Parent?.Value),
            ("id_start", query.IdStart),
            ("agent_session", query.AgentSession),
            ("follow", query.Follow ? Word(true) : null),
            ("worktrees_of", query.WorktreesOf),
            ("trashed", query.Trashed ? Word(true) : null),
            ("cursor", query.Cursor),
            ("limit", query.Limit == unasked.Limit ? null : Word(query.Limit)));
    }

    public static string OfWorkspace(string? workspace) => Of(("workspace", workspace));

    public static string Of(SearchQuery query)
    {
        var unasked = new SearchQuery("");
        return Of(
            ("text", query.Text),
            ("regex", query.IsRegex ? Word(true) : null),
            ("case", query.MatchCase ? Word(true) : null),
            ("workspace", query.Workspace),
            ("agent", query.Agent),
            ("since", Word(query.Since)),
            ("role", query.Role is { } role ? role.ToString().ToLowerInvariant() : null),
            ("trashed", query.Trashed ? Word(true) : null),
            ("limit", query.Limit == unasked.Limit ? null : Word(query.Limit)),
            ("follow", query.Follow ? Word(true) : null));
    }

    public static string Of(SpendingQuery query) => Of(
        ("by", query.By.ToString().ToLowerInvariant()), ("workspace", query.Workspace), ("agent", query.Agent), ("since", Word(query.Since)),
        ("follow", query.Follow ? Word(true) : null));

    private static string Of(params ReadOnlySpan<(string Name, string? Value)> all)
    {
        var pairs = new List<string>();
        foreach (var (name, value) in all)
        {
            if (value is not null)
                pairs.Add($"{name}={Uri.EscapeDataString(value)}");
        }

        return pairs.Count == 0 ? "" : "?" + string.Join('&', pairs);
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static string? Word(DateTimeOffset? value) =>
        value?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Word(int value) => value.ToString(CultureInfo.InvariantCulture);
}
