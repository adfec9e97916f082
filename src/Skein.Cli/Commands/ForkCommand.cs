using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class ForkCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var message = new Option<string>("--message", "-m") { Description = "The last message the fork has, by its number in 'skein show' or its id; without it: all.", HelpName = "MESSAGE" };
        var title = new Option<string>("--title") { Description = "Its title; without it: the origin's with (fork).", HelpName = "TITLE" };
        var json = Values.Json();
        var command = new Command("fork", "Make a new session that begins with the messages of another, which stays as it is.") { name, message, title, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var origin = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            MessageId? last = parsed.GetValue(message) is { } called ? await Pages.FindMessageAsync(client, origin, called, cancellationToken) : null;
            var fork = await client.ForkAsync(origin, new ForkRequest(last, parsed.GetValue(title)), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(fork, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, fork.Session, $"has the first {Spans.Plural(fork.Session.Messages, "message")} of {SessionName.Shorten(origin)}");
            return CommandLine.Good;
        });
        return command;
    }
}
