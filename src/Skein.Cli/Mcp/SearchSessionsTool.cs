using System.Text.Json.Nodes;
using Skein.Cli.Commands;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Cli.Mcp;

internal sealed class SearchSessionsTool(SessionScope scope, TimeProvider time) : SessionTool(
    Allowance.Read,
    "search_sessions",
    "Search sessions",
    "Looks for a text in everything that was said and done in all sessions: prompts, answers, and what tools were given and printed. Each hit has its session and message, which read_session shows, and the text around it.",
    """
    "text": { "type": "string", "minLength": 1, "maxLength": 500, "description": "It may stand anywhere; upper and lower case are the same unless 'match_case'." },
    "regex": { "type": "boolean", "description": "'text' is a regular expression." },
    "match_case": { "type": "boolean" },
    "workspace": { "type": "string", "description": "Only in sessions of this folder: an absolute path." },
    "agent": { "type": "string", "description": "Only in sessions of this agent." },
    "role": { "type": "string", "enum": ["user", "assistant", "system", "tool"], "description": "Only what this one said; 'tool': what tools printed." },
    "since": { "type": "string", "description": "Only what was said since then: 7d, 12h, 2026-11-21." },
    "limit": { "type": "integer", "minimum": 1, "maximum": 100, "description": "How many hits; 20 unless told." }
    """,
    "text")
{
    protected override async Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var query = new SearchQuery(
            arguments.Text("text"),
            arguments.Flag("regex"),
            arguments.Flag("match_case"),
            scope.FolderOf(arguments.FindText("workspace")),
            arguments.FindText("agent"),
            SinceOf(arguments.FindText("since")),
            arguments.FindWord("role", Values.Roles),
            Limit: arguments.Number("limit", 20, 1, 100));
        var client = await scope.ConnectAsync(cancellationToken);
        var (hits, skipped, more) = (new List<JsonNode>(), new List<JsonNode>(), false);
        await foreach (var line in client.SearchAsync(query, cancellationToken))
        {
            if (line.Hit is { } hit)
                hits.Add(SessionJson.Hit(hit));
            if (line.Skipped is { } left)
                skipped.Add($"{left.Session}: {left.Reason}");
            more |= line.End is { More: true };
        }

        var answer = new JsonObject { ["hits"] = new JsonArray([.. hits]), ["more"] = more };
        if (skipped.Count > 0)
            answer["not_searched"] = new JsonArray([.. skipped]);
        return new SessionAnswer(answer);
    }

    private DateTimeOffset? SinceOf(string? text) => text is null
        ? null
        : Since.TryParse(text, time, out var instant) ? instant : throw new InvalidRequestException($"'since' is '{text}': {Since.Rule}.");
}
