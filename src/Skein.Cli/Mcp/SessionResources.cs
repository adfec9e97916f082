using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Skein.Cli.Commands;
using Skein.Cli.Exports;
using Skein.Core;

namespace Skein.Cli.Mcp;

/// <summary>Sessions as resources: a Markdown text each, the newest messages of it where it is long.</summary>
internal sealed class SessionResources(SessionScope scope)
{
    public const string Prefix = "skein://sessions/";
    private const string Markdown = "text/markdown";
    private const int Page = 50;
    private const int MostMessages = 100;

    public async ValueTask<ListResourcesResult> ListAsync(string? cursor, CancellationToken cancellationToken)
    {
        var client = await scope.ConnectAsync(cancellationToken);
        var page = await Telling(() => client.ListAsync(new SessionQuery(scope.FolderOf(null), Cursor: cursor, Limit: Page), cancellationToken));
        return new ListResourcesResult
        {
            Resources = [.. page.Items.Select(static s => new Resource
            {
                Uri = Prefix + s.Id,
                Name = s.Title.Length > 0 ? s.Title : s.Id.Value,
                Description = $"{s.Agent} in {s.Workspace}, {s.UpdatedAt:yyyy-MM-dd HH:mm} UTC",
                MimeType = Markdown,
            })],
            NextCursor = page.Next,
        };
    }

    public static ListResourceTemplatesResult Templates() => new()
    {
        ResourceTemplates = [new ResourceTemplate { UriTemplate = Prefix + "{session}", Name = "session", Description = "The conversation of a session, by its id.", MimeType = Markdown }],
    };

    public async ValueTask<ReadResourceResult> ReadAsync(string uri, CancellationToken cancellationToken)
    {
        if (!uri.StartsWith(Prefix, StringComparison.Ordinal))
            throw new McpProtocolException($"There is no resource '{uri}': sessions are {Prefix}ID.", McpErrorCode.ResourceNotFound);
        var session = await Telling(() => scope.FindAsync(uri[Prefix.Length..], cancellationToken));
        var client = await scope.ConnectAsync(cancellationToken);
        var page = await client.ListMessagesAsync(session.Id, null, MostMessages, cancellationToken);
        return new ReadResourceResult { Contents = [new TextResourceContents { Uri = uri, MimeType = Markdown, Text = Newest(session, page.Items) }] };
    }

    private static string Newest(Session session, IReadOnlyList<Message> messages)
    {
        var (first, room) = (messages.Count, SessionTool.LongestAnswer);
        while (first > 0 && (room -= MarkdownExport.Of(messages[first - 1]).Length) >= 0)
            first--;
        var left = session.Messages - (messages.Count - first);
        return MarkdownExport.Of(session, [.. messages.Skip(first)]) + (left > 0 ? $"\n[The {left} messages before are left out: read_session has them.]\n" : "");
    }

    private static async Task<T> Telling<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is SkeinException or UsageException)
        {
            throw new McpProtocolException(e.Message, e, McpErrorCode.ResourceNotFound);
        }
    }
}
