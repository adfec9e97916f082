using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class RenameCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var title = new Argument<string[]>("TITLE") { Description = "1 to 100 characters; several words need no quotes.", Arity = ArgumentArity.OneOrMore };
        var json = Values.Json();
        var command = new Command("rename", "Give a session a title, which stays.") { name, title, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var view = await client.ChangeAsync(id, new SessionChange(string.Join(' ', parsed.GetValue(title)!)), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, "is its title now");
            return CommandLine.Good;
        });
        return command;
    }
}
