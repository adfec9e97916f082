using System.Globalization;
using System.Text.Json.Nodes;
using Skein.Cli.Exports;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Cli.Mcp;

/// <summary>Sessions and messages as other agents are told of them: what an agent needs, in few tokens.</summary>
internal static class SessionJson
{
    public static JsonObject Row(Session session)
    {
        var row = new JsonObject
        {
            ["session"] = session.Id.Value,
            ["title"] = session.Title,
            ["workspace"] = session.Workspace,
            ["agent"] = session.Agent,
            ["status"] = Word(session.Status),
            ["messages"] = session.Messages,
            ["updated_at"] = Instant(session.UpdatedAt),
        };
        if (session.Model is { } model)
            row["model"] = model;
        if (session.Questions is [var question, ..])
            row["question"] = question.Title;
        if (session.Failure is { } failure)
            row["failure"] = failure.Message;
        return row;
    }

    public static JsonObject Hit(SearchHit hit) => new()
    {
        ["session"] = hit.Session.Value,
        ["title"] = hit.Title,
        ["message"] = hit.Message.Value,
        ["role"] = hit.Role.ToString().ToLowerInvariant(),
        ["at"] = Instant(hit.At),
        ["text"] = hit.Snippet.Text,
    };

    /// <param name="from">The first character that is told.</param>
    /// <param name="atMost">How many of its characters are told.</param>
    public static JsonObject Message(Message message, int from, int atMost)
    {
        var text = MarkdownExport.Of(message);
        var begin = Math.Min(from, text.Length);
        var end = Math.Min(text.Length, begin + atMost);
        var told = new JsonObject
        {
            ["message"] = message.Id.Value,
            ["role"] = message.Role.ToString().ToLowerInvariant(),
            ["at"] = Instant(message.CreatedAt),
            ["text"] = text[begin..end],
        };
        if (message.Model is { } model)
            told["model"] = model;
        if (end < text.Length)
            told["rest"] = $"{text.Length - end} more characters: read_session with \"message\": \"{message.Id}\", \"offset\": {end}";
        return told;
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Word(SessionStatus status) => status.ToString().ToLowerInvariant();
}
