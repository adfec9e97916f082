using System.Text.Json.Nodes;
using Skein.Cli.Commands;
using Skein.Core;

namespace Skein.Cli.Mcp;

internal sealed class ListSessionsTool(SessionScope scope) : SessionTool(
    Allowance.Read,
    "list_sessions",
    "List sessions",
    "Lists the sessions of coding agents on this machine, most recently updated first: id, title, folder, agent, status. A page ends with 'next', which as 'cursor' asks for the page after it.",
    """
    "workspace": { "type": "string", "description": "Only those of this folder: an absolute path." },
    "agent": { "type": "string", "description": "Only those of this agent." },
    "status": { "type": "string", "enum": ["idle", "running", "waiting", "interrupted", "error"] },
    "archived": { "type": "boolean", "description": "The archived ones instead." },
    "limit": { "type": "integer", "minimum": 1, "maximum": 100, "description": "How many; 20 unless told." },
    "cursor": { "type": "string", "description": "'next' of the page before." }
    """)
{
    protected override async Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var query = new SessionQuery(
            scope.FolderOf(arguments.FindText("workspace")),
            arguments.Flag("archived"),
            arguments.FindWord("status", Values.Statuses),
            arguments.FindText("agent"),
            Cursor: arguments.FindText("cursor"),
            Limit: arguments.Number("limit", 20, 1, 100));
        var client = await scope.ConnectAsync(cancellationToken);
        var page = await client.ListAsync(query, cancellationToken);
        return new SessionAnswer(new JsonObject
        {
            ["sessions"] = new JsonArray([.. page.Items.Select(SessionJson.Row)]),
            ["next"] = page.Next,
        });
    }
}
