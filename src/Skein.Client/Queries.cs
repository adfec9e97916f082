using System.Globalization;
using Skein.Core;

namespace Skein.Client;

/// <summary>Which sessions to list, as the query of a URL. What is as by default is left out.</summary>
internal static class Queries
{
    public static string Of(SessionQuery query)
    {
        var unasked = new SessionQuery();
        var pairs = new List<string>();
        Add("workspace", query.Workspace);
        if (query.Archived != unasked.Archived)
            Add("archived", query.Archived is { } archived ? Word(archived) : "any");
        Add("status", query.Status is { } status ? status.ToString().ToLowerInvariant() : null);
        Add("agent", query.Agent);
        Add("parent", query.Parent?.Value);
        Add("trashed", query.Trashed ? Word(true) : null);
        Add("cursor", query.Cursor);
        Add("limit", query.Limit == unasked.Limit ? null : query.Limit.ToString(CultureInfo.InvariantCulture));
        return pairs.Count == 0 ? "" : "?" + string.Join('&', pairs);

        void Add(string name, string? value)
        {
            if (value is not null)
                pairs.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }

    private static string Word(bool value) => value ? "true" : "false";
}
