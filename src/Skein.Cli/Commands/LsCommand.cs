using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class LsCommand
{
    private const int UsualLimit = 30;
    private const int LongestModel = 32;

    public static Command Create(Surroundings surroundings)
    {
        var all = new Option<bool>("--all", "-a") { Description = "Of all folders, not only of this one." };
        var archived = new Option<bool>("--archived") { Description = "The archived ones." };
        var trash = new Option<bool>("--trash") { Description = "Those in the trash." };
        var status = Values.Status();
        var limit = Values.Limit("--limit", "How many.", UsualLimit);
        var cursor = new Option<string>("--cursor") { Description = "Where the page before ended: its 'next'.", HelpName = "NEXT" };
        var json = Values.Json();
        var command = new Command("ls", "List the sessions of this folder, most recently updated first.") { all, archived, trash, status, limit, cursor, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new SessionQuery(
                parsed.GetValue(all) ? null : surroundings.Folder,
                parsed.GetValue(trash) ? null : parsed.GetValue(archived),
                parsed.GetValue(status),
                Trashed: parsed.GetValue(trash),
                Cursor: parsed.GetValue(cursor),
                Limit: parsed.GetValue(limit));
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var page = await client.ListAsync(query, cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(page, SkeinJson.Relaxed.SessionPage));
            else
                Show(page, query, surroundings);
            return CommandLine.Good;
        });
        return command;
    }

    private static void Show(SessionPage page, SessionQuery query, Surroundings surroundings)
    {
        if (page.Items.Count == 0)
        {
            surroundings.Error.WriteLine(query.Workspace is null
                ? "No sessions."
                : $"No sessions in {query.Workspace}. Begin one: skein run \"…\" (all folders: skein ls --all)", Style.Dim);
            return;
        }

        // Numbers are names only where every later command finds the same list: this folder's, from its top.
        var numbered = query is { Workspace: not null, Archived: false, Status: null, Trashed: false, Cursor: null };
        var table = new Table([.. Headings(numbered, query.Workspace is null)], elastic: numbered ? 2 : 1);
        var ids = SessionName.Shorten([.. page.Items.Select(s => s.Id)]);
        var now = surroundings.Time.GetUtcNow();
        for (var i = 0; i < page.Items.Count; i++)
            table.Add([.. Row(page.Items[i], ids[i], numbered ? i + 1 : 0, query.Workspace is null, now)]);
        table.WriteTo(surroundings.Out);
        if (page.Next is not null)
            surroundings.Error.WriteLine($"There are more: skein ls --limit {Math.Min(1000, query.Limit * 4)}", Style.Dim);
    }

    private static IEnumerable<string> Headings(bool numbered, bool folders)
    {
        if (numbered)
            yield return "#";
        yield return "id";
        yield return "title";
        yield return "status";
        yield return "msgs";
        yield return "updated";
        yield return "model";
        if (folders)
            yield return "folder";
    }

    private static IEnumerable<(string, Style)> Row(Session session, string id, int number, bool folders, DateTimeOffset now)
    {
        if (number > 0)
            yield return (number.ToString(CultureInfo.InvariantCulture), Style.Dim);
        yield return (id, Style.Accent);
        yield return (session.Title.Length > 0 ? session.Title : "–", Style.Plain);
        yield return Words.Of(session);
        yield return (session.Messages.ToString(CultureInfo.InvariantCulture), Style.Plain);
        yield return (Spans.Ago(session.UpdatedAt, now), Style.Plain);
        yield return (TextWidth.Cut(session.Model ?? "–", LongestModel), Style.Dim);
        if (folders)
            yield return (session.Workspace, Style.Dim);
    }
}
