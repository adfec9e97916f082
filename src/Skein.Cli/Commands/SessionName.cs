using System.Globalization;
using Skein.Client;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>What a person calls a session by: its id, the start of it, its number in the list of this folder, <c>last</c>, or what its driven agent calls it.</summary>
internal static class SessionName
{
    public const string Rule = "give an id, the start of one, a number of 'skein ls', 'last', or the driven agent's id";
    private const string Last = "last";
    private const int TimeLength = 10;
    private const int LongestNumber = 4;
    private const int Page = 1000;
    private const int LongestForeign = 200;

    /// <summary>How much of an id's random end is shown where that tells sessions apart.</summary>
    public const int ShortLength = 6;

    /// <summary>Refuses what cannot be a session's name before anybody is asked about it.</summary>
    /// <exception cref="UsageException"/>
    public static void Check(string name)
    {
        if (name.Length is 0 or > LongestForeign || name[0] == '-' || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':')))
            throw new UsageException($"'{Shown(name)}' cannot name a session: {Rule}.");
    }

    /// <exception cref="UsageException">It is not a name, or one of several sessions.</exception>
    /// <exception cref="NoSuchSessionException">No session is called that.</exception>
    public static async Task<SessionId> ResolveAsync(SkeinClient client, string name, string folder, CancellationToken cancellationToken)
    {
        Check(name);
        if (SessionId.TryParse(name, out var id))
            return id;
        if (name == Last)
            return await FindAsync(client, folder, 1, cancellationToken) ?? throw new NoSuchSessionException($"There is no session in {folder} yet.");
        if (name.Length <= LongestNumber && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return await FindAsync(client, folder, number, cancellationToken)
                ?? throw new NoSuchSessionException($"There is no session number {number} in {folder}: see 'skein ls'.");
        }

        return await FindByStartAsync(client, name, cancellationToken)
            ?? await FindForeignAsync(client, name, cancellationToken)
            ?? throw new NoSuchSessionException($"There is no session '{name}': {Rule}.");
    }

    /// <summary>The shortest ends of these ids, of at least <see cref="ShortLength"/> characters, that tell them apart.</summary>
    public static string[] Shorten(string[] ids)
    {
        for (var length = ShortLength; ; length++)
        {
            var seen = new HashSet<string>();
            var cut = new string[ids.Length];
            for (var i = 0; i < ids.Length; i++)
                seen.Add(cut[i] = Tail(ids[i])[..length]);
            if (seen.Count == ids.Length || length == IdText.Length - TimeLength)
                return cut;
        }
    }

    public static string Shorten(SessionId session) => Tail(session.Value)[..ShortLength];

    private static async Task<SessionId?> FindAsync(SkeinClient client, string folder, int number, CancellationToken cancellationToken)
    {
        if (number is < 1 or > Page)
            return null;
        var page = await client.ListAsync(new SessionQuery(folder, Follow: true, Limit: number), cancellationToken);
        return page.Items.Count >= number ? page.Items[number - 1].Id : null;
    }

    private static async Task<SessionId?> FindByStartAsync(SkeinClient client, string name, CancellationToken cancellationToken)
    {
        var body = Body(name);
        if (body.Length is 0 or > IdText.Length || body.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c)))
            return null;

        var found = new List<SessionId>();
        foreach (var trashed in (bool[])[false, true])
        {
            var page = await client.ListAsync(new SessionQuery(Archived: null, IdStart: body, Trashed: trashed, Limit: Page), cancellationToken);
            found.AddRange(page.Items.Select(s => s.Id));
        }

        return found switch
        {
            [var one] => one,
            [] => null,
            _ => throw new UsageException($"'{name}' is the start of {found.Count} sessions ({found[0]}, {found[1]}{(found.Count > 2 ? " …" : "")}): give more of it."),
        };
    }

    // What agents call their sessions is theirs to choose, and two of them may choose the same.
    private static async Task<SessionId?> FindForeignAsync(SkeinClient client, string name, CancellationToken cancellationToken)
    {
        var page = await client.ListAsync(new SessionQuery(Archived: null, AgentSession: name, Limit: 2), cancellationToken);
        return page.Items switch
        {
            [] => null,
            [var one] => one.Id,
            _ => throw new UsageException($"'{name}' is the agent's id of several sessions ({page.Items[0].Id}, {page.Items[1].Id}): give the session's own."),
        };
    }

    private static string Tail(string id) => id[(SessionId.Prefix.Length + TimeLength)..];

    private static string Body(string name) => name.StartsWith(SessionId.Prefix, StringComparison.Ordinal) ? name[SessionId.Prefix.Length..] : name;

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}

/// <summary>No session is called by that name.</summary>
internal sealed class NoSuchSessionException(string message) : SkeinException("session_not_found", message);
