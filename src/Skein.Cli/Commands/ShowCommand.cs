using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class ShowCommand
{
    private const int UsualLimit = 20;

    public static Command Create(Surroundings surroundings)
    {
        var name = Values.SessionOrLast();
        var all = new Option<bool>("--all", "-a") { Description = "All messages." };
        var limit = Values.Limit("--limit", "How many of the last messages.", UsualLimit);
        var json = Values.Json();
        var command = new Command("show", "Show the conversation of a session.") { name, all, limit, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var page = parsed.GetValue(all)
                ? await Pages.AllAsync(client, id, cancellationToken)
                : await client.ListMessagesAsync(id, null, parsed.GetValue(limit), cancellationToken);

            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(page, SkeinJson.Relaxed.MessagePage));
                return CommandLine.Good;
            }

            var session = (await client.GetAsync(id, cancellationToken)).Session;
            var conversation = new Conversation(surroundings.Out, surroundings.Time);
            conversation.ShowHead(session);
            if (page.Before is not null)
                surroundings.Out.WriteLine($"… {session.Messages - page.Items.Count} earlier messages: skein show {SessionName.Shorten(id)} --all\n", Style.Dim);
            conversation.Show(page.Items, session.Messages);
            return CommandLine.Good;
        });
        return command;
    }
}
