using System.CommandLine;
using System.Text;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class SearchCommand
{
    private const int UsualLimit = 50;

    public static Command Create(Surroundings surroundings)
    {
        var text = new Argument<string[]>("TEXT") { Description = "What to look for; several words are one text.", Arity = ArgumentArity.OneOrMore };
        var regex = new Option<bool>("--regex", "-e") { Description = "TEXT is a regular expression; ^ and $ are the ends of lines." };
        var matchCase = new Option<bool>("--case") { Description = "Tell upper from lower case." };
        var workspace = new Option<string>("--workspace", "-w") { Description = "Only in the sessions of this folder; '.' is this one.", HelpName = "FOLDER" };
        var agent = new Option<string>("--agent") { Description = "Only in the sessions of this agent.", HelpName = "AGENT" };
        var since = Values.Since("--since", "Only what was said since then: 7d, 12h, 2026-11-21.", surroundings.Time);
        var role = Values.Role();
        var trash = new Option<bool>("--trash") { Description = "In the sessions of the trash instead." };
        var limit = Values.Limit("--limit", "How many.", UsualLimit);
        var json = new Option<bool>("--json") { Description = "Print JSON lines, as the API has them." };
        var command = new Command("search", "Look for a text in everything that was said and done, in all sessions.")
        {
            text, regex, matchCase, workspace, agent, since, role, trash, limit, json,
        };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new SearchQuery(
                string.Join(' ', parsed.GetValue(text)!),
                parsed.GetValue(regex),
                parsed.GetValue(matchCase),
                parsed.GetValue(workspace) is { } folder ? RealPath.Of(Path.GetFullPath(folder, surroundings.Folder)) : null,
                parsed.GetValue(agent),
                parsed.GetValue(since),
                parsed.GetValue(role),
                parsed.GetValue(trash),
                parsed.GetValue(limit),
                Follow: true);
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var found = client.SearchAsync(query, cancellationToken);
            await (parsed.GetValue(json) ? PrintAsync(found, surroundings.Out) : ShowAsync(found, query, surroundings));
            return CommandLine.Good;
        });
        return command;
    }

    private static async Task PrintAsync(IAsyncEnumerable<SearchLine> found, Terminal terminal)
    {
        await foreach (var line in found)
            terminal.WriteJsonLine(Encoding.UTF8.GetString(SafeJson.Clean(JsonSerializer.SerializeToUtf8Bytes(line, SkeinJson.Relaxed.SearchLine)).Span));
    }

    private static async Task ShowAsync(IAsyncEnumerable<SearchLine> found, SearchQuery query, Surroundings surroundings)
    {
        var hits = new SearchHits(surroundings.Out, surroundings.Time);
        surroundings.Out.Status("searching …");
        await foreach (var line in found)
        {
            surroundings.Out.Status(null);
            if (line.Hit is { } hit)
                hits.Show(hit);
            if (line.Skipped is { } skipped)
                surroundings.Error.WriteLine($"Not all of session {skipped.Session} could be searched: {TerminalText.CleanLine(skipped.Reason)}", Style.Warning);
            if (line.End is { Hits: 0 })
                surroundings.Error.WriteLine("Nothing found.", Style.Dim);
            if (line.End is { More: true })
                surroundings.Error.WriteLine($"There is more: --limit {Math.Min(1000, query.Limit * 4)}, or ask for less with --since, --role or --workspace.", Style.Dim);
        }
    }
}
