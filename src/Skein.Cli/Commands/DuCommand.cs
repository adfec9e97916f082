using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Store;

namespace Skein.Cli.Commands;

internal static class DuCommand
{
    private const int UsualLimit = 10;

    public static Command Create(Surroundings surroundings)
    {
        var limit = Values.Limit("--limit", "How many of the largest sessions and folders.", UsualLimit);
        var content = new Option<bool>("--content") { Description = "Also read which content each session names. That reads all logs." };
        var json = Values.Json();
        var command = new Command("du", "Tell how much room the home takes: by kind (logs, the trash, content they name once each, snapshots of files, the catalog, settings), by folder, and the largest sessions. Starts no server.") { limit, content, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            var use = StoreUse.Of(home.Path, SkeinHome.IsSettings, parsed.GetValue(content), cancellationToken);
            var most = parsed.GetValue(limit);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(home, use, most));
            else
                Show(home, use, most, surroundings.Out);
            return Task.FromResult(CommandLine.Good);
        });
        return command;
    }

    private static void Show(SkeinHome home, StoreUse use, int most, Terminal screen)
    {
        var trashed = use.Sessions.Count(s => s.IsTrashed);
        screen.WriteLine((Spans.Bytes(use.Total), Style.Bold), ($"  {home.Path}", Style.Plain));
        foreach (var (what, bytes) in (ReadOnlySpan<(string, long)>)
        [
            ($"logs of {Spans.Plural(use.Sessions.Count - trashed, "session")}", use.Logs), ($"logs of {Spans.Plural(trashed, "session")} in the trash", use.Trash),
            ("content they name", use.Blobs), ("snapshots of files", use.Checkpoints), ("catalog", use.Catalog), ("settings", use.Settings), ("other", use.Other),
        ])
        {
            screen.WriteLine($"  {Spans.Bytes(bytes),10}  {what}");
        }

        if (use.Sessions.Count == 0)
            return;

        screen.WriteLine();
        var withContent = use.Sessions.Any(s => s.Blobs is not null);
        var folders = new Table([.. Sizes("log", "content", withContent), "sessions", "folder"], elastic: withContent ? 3 : 2);
        foreach (var folder in use.Workspaces.Take(most))
            folders.Add([.. Cells(folder.Bytes, folder.Blobs), ($"{folder.Sessions}", Style.Plain), (folder.Workspace ?? "–", Style.Plain)]);
        folders.WriteTo(screen);

        screen.WriteLine();
        var sessions = new Table([.. Sizes("log", "content", withContent), "id", "title"], elastic: withContent ? 3 : 2);
        var ids = SessionName.Shorten([.. use.Sessions.Select(s => s.Session.Value)]);
        foreach (var (i, session) in use.Sessions.Take(most).Index())
        {
            var title = $"{(session.Title.Length > 0 ? session.Title : "–")}{(session.IsTrashed ? " (in the trash)" : "")}";
            sessions.Add([.. Cells(session.Bytes, session.Blobs), (ids[i], Style.Accent), (title, Style.Plain)]);
        }

        sessions.WriteTo(screen);
    }

    private static IEnumerable<string> Sizes(string log, string content, bool withContent) => withContent ? [log, content] : [log];

    private static IEnumerable<(string, Style)> Cells(long log, long? content)
    {
        yield return (Spans.Bytes(log), Style.Plain);
        if (content is { } bytes)
            yield return (Spans.Bytes(bytes), Style.Plain);
    }

    private static string Json(SkeinHome home, StoreUse use, int most) => new JsonObject
    {
        ["home"] = home.Path,
        ["total"] = use.Total,
        ["logs"] = use.Logs,
        ["trash"] = use.Trash,
        ["blobs"] = use.Blobs,
        ["checkpoints"] = use.Checkpoints,
        ["catalog"] = use.Catalog,
        ["settings"] = use.Settings,
        ["other"] = use.Other,
        ["workspaces"] = new JsonArray([.. use.Workspaces.Take(most).Select(w => Sized(new JsonObject { ["workspace"] = w.Workspace, ["sessions"] = w.Sessions }, w.Bytes, w.Blobs))]),
        ["sessions"] = new JsonArray([.. use.Sessions.Take(most).Select(s => Sized(
            new JsonObject { ["id"] = s.Session.Value, ["title"] = s.Title, ["workspace"] = s.Workspace, ["trashed"] = s.IsTrashed }, s.Bytes, s.Blobs))]),
    }.ToJsonString(SkeinJson.Relaxed.Options);

    private static JsonObject Sized(JsonObject what, long bytes, long? blobs)
    {
        what["bytes"] = bytes;
        if (blobs is not null)
            what["blobs"] = blobs;
        return what;
    }
}
