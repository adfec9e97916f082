using System.Globalization;
using Microsoft.AspNetCore.Http;
using Skein.Core;

namespace Skein.Server;

/// <summary>For the API's description: the query parameters that a call reads, since it reads them itself.</summary>
internal sealed record QueryNames(params string[] Names);

/// <summary>Reads the values of a query. What cannot be read is an error that names the parameter, its value and the rule.</summary>
internal static class QueryText
{
    private static readonly string[] s_instants = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static SessionQuery Sessions(IQueryCollection query)
    {
        var unasked = new SessionQuery();
        return new SessionQuery(
            Workspace: Text(query, "workspace"),
            Archived: Text(query, "archived") is { } archived ? Flag("archived", archived, orAny: true) : unasked.Archived,
            Status: Text(query, "status") is { } status ? Status(status) : null,
            Agent: Text(query, "agent"),
            Parent: Text(query, "parent") is { } parent ? SessionId.Parse(parent) : null,
            IdStart: Text(query, "id_start"),
            AgentSession: Text(query, "agent_session"),
            Follow: Flag(query, "follow"),
            WorktreesOf: Text(query, "worktrees_of"),
            Trashed: Flag(query, "trashed"),
            Cursor: Text(query, "cursor"),
            Limit: (int)(Number(query, "limit", 1, 1000) ?? unasked.Limit));
    }

    public static string? Text(IQueryCollection query, string name) =>
        query[name] is { Count: > 0 } values ? values.Count == 1 ? values[0] : throw Bad(name, values.ToString(), "given once") : null;

    /// <summary>False where it is not given.</summary>
    public static bool Flag(IQueryCollection query, string name) => Text(query, name) is { } text && Flag(name, text, orAny: false) is true;

    public static long? Number(IQueryCollection query, string name, long least, long most) =>
        Text(query, name) is { } text ? Number(name, text, least, most) : null;

    public static long Number(string name, string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw Bad(name, text, most == long.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}");

    public static bool? Flag(string name, string text, bool orAny) => text switch
    {
        "true" => true,
        "false" => false,
        "any" when orAny => null,
        _ => throw Bad(name, text, orAny ? "true, false or any" : "true or false"),
    };

    public static DateTimeOffset? Instant(IQueryCollection query, string name) =>
        Text(query, name) is not { } text ? null
        : DateTimeOffset.TryParseExact(
            text, s_instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant)
            ? instant
            : throw Bad(name, text, "a date or an instant in ISO 8601, 2026-11-21 or 2026-11-21T08:46:22Z");

    private static SessionStatus Status(string text)
    {
        foreach (var status in Enum.GetValues<SessionStatus>())
        {
            if (text == Word(status))
                return status;
        }

        throw Bad("status", text, "one of " + string.Join(", ", Enum.GetValues<SessionStatus>().Select(Word)));
    }

    private static string Word(SessionStatus status) => status.ToString().ToLowerInvariant();

    public static RefusedException Bad(string name, string text, string rule) =>
        new(400, "invalid_query", $"'{name}' must be {rule}, not '{(text.Length <= 80 ? text : text[..80] + "…")}'.");
}
