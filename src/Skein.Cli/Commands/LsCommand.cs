using System.CommandLine;
using System.Globalization;
using System.Text;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class LsCommand
{
    private const int UsualLimit = 30;
    private const int LongestModel = 32;

    public static Command Create(Surroundings surroundings)
    {
        var all = new Option<bool>("--all", "-a") { Description = "Of all folders, not only of this one." };
        var workspace = new Option<string>("--workspace") { Description = "Of this folder instead.", HelpName = "PATH" };
        var worktrees = new Option<bool>("--worktrees") { Description = "Only the forks that work in worktrees of this folder, which else come below its own." };
        var archived = new Option<bool>("--archived") { Description = "The archived ones." };
        var trash = new Option<bool>("--trash") { Description = "Those in the trash." };
        var status = Values.Status();
        var agent = new Option<string>("--agent") { Description = "Only sessions of this agent.", HelpName = "AGENT" };
        var limit = Values.Limit("--limit", "How many.", UsualLimit);
        var cursor = new Option<string>("--cursor") { Description = "Where the page before ended: its 'next'.", HelpName = "NEXT" };
        var json = Values.Json();
        var command = new Command("ls", "List the sessions of this folder, most recently updated first; ⧗ tells how many prompts wait.") { all, workspace, worktrees, archived, trash, status, agent, limit, cursor, json };

        command.Validators.Add(result =>
        {
            if (result.GetValue(all) && result.GetValue(workspace) is not null)
                result.AddError("--all and --workspace exclude each other: one means every folder, the other names one.");
            if (result.GetValue(all) && result.GetValue(worktrees))
                result.AddError("--all and --worktrees exclude each other: every folder has them already.");
        });

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new SessionQuery(
                parsed.GetValue(all) ? null : FolderOf(parsed.GetValue(workspace), surroundings),
                parsed.GetValue(trash) ? null : parsed.GetValue(archived),
                parsed.GetValue(status),
                parsed.GetValue(agent),
                Follow: !parsed.GetValue(all),
                Trashed: parsed.GetValue(trash),
                Cursor: parsed.GetValue(cursor),
                Limit: parsed.GetValue(limit));
            var beside = query with { Workspace = null, Follow = false, WorktreesOf = query.Workspace };
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            await ListAsync(client, parsed.GetValue(worktrees) ? beside : query, parsed.GetValue(json), surroundings, cancellationToken);
            if (!parsed.GetValue(json) && !parsed.GetValue(worktrees) && query is { Workspace: not null, Cursor: null })
                ShowBeside(SessionRows.Read(await client.ListJsonAsync(beside, cancellationToken)), beside, surroundings);
            return CommandLine.Good;
        });
        return command;
    }

    public static async Task ListAsync(SkeinClient client, SessionQuery query, bool json, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var page = await client.ListJsonAsync(query, cancellationToken);
        if (json)
        {
            surroundings.Out.WriteJsonLine(Encoding.UTF8.GetString(page));
            return;
        }

        var rows = SessionRows.Read(page);
        Show(rows, query, surroundings);
        if (rows.Unread > 0)
            surroundings.Error.WriteLine($"{(rows.Unread == 1 ? "A session cannot be read and is" : $"{rows.Unread} sessions cannot be read and are")} in no list: skein doctor tells which, and why.", Style.Warning);
    }

    // By its real path, as sessions have it; a folder that is gone still has its sessions.
    private static string FolderOf(string? named, Surroundings surroundings) =>
        named is null ? surroundings.Folder : RealPath.Of(Path.GetFullPath(named, surroundings.Folder));

    // Without numbers: those are this folder's own, and so is 'last'.
    private static void ShowBeside(SessionRows page, SessionQuery query, Surroundings surroundings)
    {
        if (page.Items.Count == 0)
            return;
        surroundings.Out.WriteLine();
        surroundings.Out.WriteLine("Forks in worktrees of this folder", Style.Dim);
        Show(page, query, surroundings);
    }

    private static void Show(SessionRows page, SessionQuery query, Surroundings surroundings)
    {
        if (page.Items.Count == 0)
        {
            surroundings.Error.WriteLine(
                query.WorktreesOf is { } origin ? $"No forks in worktrees of {origin}. Begin one: skein fork SESSION --worktree"
                : query.Workspace is null ? "No sessions."
                : $"No sessions in {query.Workspace}. Begin one: skein run \"…\" (all folders: skein ls --all)", Style.Dim);
            return;
        }

        // Numbers are names only where every later command finds the same list: this folder's, from its top.
        var numbered = query is { Archived: false, Status: null, Agent: null, Trashed: false, Cursor: null } && query.Workspace == surroundings.Folder;
        var costs = page.Items.Any(row => row.Cost > 0);
        var folders = query.Workspace is null || page.Items.Any(row => row.Workspace != query.Workspace);
        string[] headings = [.. (string[])(numbered ? ["#"] : []), "id", "title", "status", "msgs", .. (string[])(costs ? ["cost"] : []), "updated", "model", .. (string[])(folders ? ["folder"] : [])];
        // The title is what people look for: it gives way last.
        var table = new Table(headings, [headings.IndexOf("model"), .. (int[])(folders ? [headings.Length - 1] : []), headings.IndexOf("title")]);
        var ids = page.ShortIds();
        var now = surroundings.Time.GetUtcNow();
        for (var i = 0; i < page.Items.Count; i++)
        {
            var row = page.Items[i];
            var cells = new List<(string, Style)>();
            if (numbered)
                cells.Add(((i + 1).ToString(CultureInfo.InvariantCulture), Style.Dim));
            cells.Add((ids[i], Style.Accent));
            cells.Add((row.Title.Length > 0 ? row.Title : "–", Style.Plain));
            cells.Add((row.Status, row.Style));
            cells.Add((row.Messages.ToString(CultureInfo.InvariantCulture), Style.Plain));
            if (costs)
                cells.Add((row.Cost > 0 ? Spans.Dollars(row.Cost) : "–", Style.Plain));
            cells.Add((Spans.Ago(row.UpdatedAt, now), Style.Plain));
            cells.Add((TextWidth.Cut(row.Model ?? "–", LongestModel), Style.Dim));
            if (folders)
                cells.Add((row.Workspace, Style.Dim));
            table.Add([.. cells]);
        }

        table.WriteTo(surroundings.Out);
        if (page.More)
            surroundings.Error.WriteLine($"There are more: skein ls --limit {Math.Min(1000, query.Limit * 4)}", Style.Dim);
    }
}
