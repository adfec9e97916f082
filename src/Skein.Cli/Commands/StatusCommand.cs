using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class StatusCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("status", "Tell whether a server runs, and where. Starts none.") { json };
        command.SetAction(parsed =>
        {
            var home = SkeinHome.Of(surroundings);
            var info = Servers.FindInfo(home);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(home, info));
            else
                Show(home, info, surroundings);
            return CommandLine.Good;
        });
        return command;
    }

    private static void Show(SkeinHome home, ServerInfo? info, Surroundings surroundings)
    {
        if (info is null)
        {
            surroundings.Out.WriteLine(("not running", Style.Warning), ($"  home {home.Path}", Style.Plain));
            return;
        }

        surroundings.Out.WriteLine(("running", Style.Good), ($"  pid {info.Pid}, version {info.Version}, up {Spans.Took(surroundings.Time.GetUtcNow() - info.StartedAt)}", Style.Plain));
        surroundings.Out.WriteLine($"home    {info.Home}");
        surroundings.Out.WriteLine($"socket  {info.Socket}");
        if (info.Listen is not null)
            surroundings.Out.WriteLine($"listen  {info.Listen}  (its token: skein status --json)");
    }

    private static string Json(SkeinHome home, ServerInfo? info)
    {
        var status = info is null
            ? new JsonObject { ["home"] = home.Path }
            : JsonSerializer.SerializeToNode(info, SkeinJson.Relaxed.ServerInfo)!.AsObject();
        status.Insert(0, "running", JsonValue.Create(info is not null));
        if (info?.Listen is not null && home.FindToken() is { } token)
            status["token"] = token;
        return status.ToJsonString(SkeinJson.Relaxed.Options);
    }
}
