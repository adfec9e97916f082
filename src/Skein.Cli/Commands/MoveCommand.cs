using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class MoveCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var folder = new Argument<string>("FOLDER") { Description = "Where it goes on; without it: this folder.", DefaultValueFactory = _ => "." };
        var json = Values.Json();
        var command = new Command("move", "Let a session go on in another folder. One whose folder is gone follows its project by itself when it is gone on with there.") { name, folder, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var to = RealPath.Of(Path.GetFullPath(parsed.GetValue(folder)!, surroundings.Folder));
            var view = await client.MoveAsync(id, new MoveRequest(to), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, $"goes on in {view.Session.Workspace}");
            return CommandLine.Good;
        });
        return command;
    }
}
