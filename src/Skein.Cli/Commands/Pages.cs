using System.Globalization;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>Messages of a session, page by page.</summary>
internal static class Pages
{
    private const int Most = 1000;
    private const int TimeLength = 10;

    /// <summary>All messages as one page.</summary>
    public static async Task<MessagePage> AllAsync(SkeinClient client, SessionId session, CancellationToken cancellationToken)
    {
        var pages = new Stack<MessagePage>();
        pages.Push(await client.ListMessagesAsync(session, null, Most, cancellationToken));
        var newest = pages.Peek();
        while (pages.Peek().Before is { } before)
            pages.Push(await client.ListMessagesAsync(session, before, Most, cancellationToken));
        return new MessagePage([.. pages.SelectMany(p => p.Items)], null, newest.Seq);
    }

    /// <summary>The message that a person means: by its id, the start of its end, or its number in <c>skein show</c>.</summary>
    /// <exception cref="UsageException">No message is called that, or several are.</exception>
    public static async Task<MessageId> FindMessageAsync(SkeinClient client, SessionId session, string name, CancellationToken cancellationToken)
    {
        if (MessageId.TryParse(name, out var id))
            return id;

        var all = (await AllAsync(client, session, cancellationToken)).Items;
        if (name.Length <= 6 && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number >= 1 && number <= all.Count
                ? all[number - 1].Id
                : throw new UsageException($"There is no message {number}: session {session} has {all.Count}.");
        }

        var tail = name.StartsWith(MessageId.Prefix, StringComparison.Ordinal) ? name[MessageId.Prefix.Length..] : name;
        var found = all.Where(m => tail.Length > 0 && IsStart(tail, m.Id)).Take(2).ToArray();
        return found switch
        {
            [var one] => one.Id,
            [] => throw new UsageException($"Session {session} has no message '{name}': give its number in 'skein show', or its id."),
            _ => throw new UsageException($"'{name}' is the start of several messages: give more of it."),
        };
    }

    /// <summary>The turn of a number. Counted in what is visible: what was rewound has none.</summary>
    /// <exception cref="UsageException">There is no such turn.</exception>
    public static TurnId TurnOf(IReadOnlyList<Message> all, int number, SessionId session)
    {
        var turns = all.Select(m => m.Turn).OfType<TurnId>().Distinct().ToArray();
        return number <= turns.Length
            ? turns[number - 1]
            : throw new UsageException($"There is no turn {number}: session {session} has {turns.Length.ToString(CultureInfo.InvariantCulture)}.");
    }

    /// <summary>The turn that a person means: by its number in <c>skein show</c>, its id, or <c>last</c>.</summary>
    /// <exception cref="UsageException">There is no such turn.</exception>
    public static async Task<TurnId> FindTurnAsync(SkeinClient client, SessionId session, string name, CancellationToken cancellationToken)
    {
        if (TurnId.TryParse(name, out var id))
            return id;
        var all = (await AllAsync(client, session, cancellationToken)).Items;
        if (name == "last")
            return all.LastOrDefault(m => m.Turn is not null)?.Turn ?? throw new UsageException($"Session {session} has no turn yet.");
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
            ? TurnOf(all, number, session)
            : throw new UsageException($"'{name}' is no turn: give its number (the first prompt and what came of it is 1), its id, or 'last'.");
    }

    private static bool IsStart(string tail, MessageId id) =>
        id.Value.AsSpan(MessageId.Prefix.Length + TimeLength).StartsWith(tail, StringComparison.Ordinal)
        || id.Value.AsSpan(MessageId.Prefix.Length).StartsWith(tail, StringComparison.Ordinal);
}
