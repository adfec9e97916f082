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
        var limit = Values.Limit("--limit", "How many of the largest sessions.", UsualLimit);
        var json = Values.Json();
        var command = new Command("du", "Tell how much room the home takes: logs, the content they name, and the largest sessions. Starts no server.") { limit, json };
        command.SetAction(parsed =>
        {
            var home = SkeinHome.Of(surroundings);
            var use = StoreUse.Of(home.Path);
            var largest = use.Sessions.Take(parsed.GetValue(limit)).ToArray();
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(home, use, largest));
            else
                Show(home, use, largest, surroundings.Out);
            return CommandLine.Good;
        });
        return command;
    }

    private static void Show(SkeinHome home, StoreUse use, SessionUse[] largest, Terminal screen)
    {
        screen.WriteLine((Spans.Bytes(use.Total), Style.Bold), ($"  {home.Path}", Style.Plain));
        foreach (var (what, bytes) in (ReadOnlySpan<(string, long)>)[($"logs of {Spans.Plural(use.Sessions.Count, "session")}", use.Logs), ("content they name", use.Blobs), ("catalog", use.Catalog), ("other", use.Other)])
            screen.WriteLine($"  {Spans.Bytes(bytes),10}  {what}");
        if (largest.Length == 0)
            return;

        screen.WriteLine();
        var table = new Table(["log", "id", "title"], elastic: 2);
        var ids = SessionName.Shorten([.. use.Sessions.Select(s => s.Session.Value)]);
        for (var i = 0; i < largest.Length; i++)
            table.Add((Spans.Bytes(largest[i].Bytes), Style.Plain), (ids[i], Style.Accent), (largest[i].Title.Length > 0 ? largest[i].Title : "–", Style.Plain));
        table.WriteTo(screen);
    }

    private static string Json(SkeinHome home, StoreUse use, SessionUse[] largest) => new JsonObject
    {
        ["home"] = home.Path,
        ["total"] = use.Total,
        ["logs"] = use.Logs,
        ["blobs"] = use.Blobs,
        ["catalog"] = use.Catalog,
        ["other"] = use.Other,
        ["sessions"] = new JsonArray([.. largest.Select(s => new JsonObject { ["id"] = s.Session.Value, ["title"] = s.Title, ["bytes"] = s.Bytes })]),
    }.ToJsonString(SkeinJson.Relaxed.Options);
}
