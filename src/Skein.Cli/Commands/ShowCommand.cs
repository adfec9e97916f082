using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class ShowCommand
{
    private const int UsualLimit = 20;

    public static Command Create(Surroundings surroundings)
    {
        var name = Values.SessionOrLast();
        var all = new Option<bool>("--all", "-a") { Description = "All messages." };
        var limit = Values.Limit("--limit", "How many of the last messages.", UsualLimit);
        var turn = Values.Number("--turn", "Only this turn: the first prompt and what came of it is 1.");
        var tools = new Option<bool>("--tools") { Description = "All that tools were given and answered, not only a few lines." };
        var noPager = Values.NoPager();
        var json = Values.Json();
        var command = new Command("show", "Show the conversation of a session.") { name, all, limit, turn, tools, noPager, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var number = parsed.GetValue(turn);
            var page = parsed.GetValue(all) || number is not null
                ? await Pages.AllAsync(client, id, cancellationToken)
                : await client.ListMessagesAsync(id, null, parsed.GetValue(limit), cancellationToken);
            var session = (await client.GetAsync(id, cancellationToken)).Session;
            var first = Math.Max(1, session.Messages - page.Items.Count + 1);
            if (number is { } wanted)
                (page, first) = TurnOf(page, wanted, id);

            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(page, SkeinJson.Relaxed.MessagePage));
                return CommandLine.Good;
            }

            var wholes = parsed.GetValue(tools) ? await WholeOutputsAsync(client, page.Items, cancellationToken) : null;
            await Pager.ShowAsync(surroundings, !parsed.GetValue(noPager), screen =>
            {
                var conversation = new Conversation(screen, surroundings.Time, wholes);
                conversation.ShowHead(session);
                if (page.Before is not null)
                    screen.WriteLine($"… {session.Messages - page.Items.Count} earlier messages: skein show {SessionName.Shorten(id)} --all\n", Style.Dim);
                conversation.ShowFrom(page.Items, first);
            });
            return CommandLine.Good;
        });
        return command;
    }

    private static (MessagePage Page, int First) TurnOf(MessagePage all, int number, SessionId session)
    {
        var turn = Pages.TurnOf(all.Items, number, session);
        return (all with { Items = [.. all.Items.Where(m => m.Turn == turn)] }, all.Items.TakeWhile(m => m.Turn != turn).Count() + 1);
    }

    private static async Task<Dictionary<string, string>> WholeOutputsAsync(SkeinClient client, IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        var wholes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var blob in messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.Whole).OfType<BlobRef>())
        {
            if (wholes.ContainsKey(blob.Sha256))
                continue;
            if (blob.Head is null)
            {
                wholes[blob.Sha256] = $"[{blob.MediaType}, {Spans.Bytes(blob.Size)}, which is no text]";
                continue;
            }

            using var content = new StreamReader(await client.OpenBlobAsync(blob.Sha256, cancellationToken));
            wholes[blob.Sha256] = await content.ReadToEndAsync(cancellationToken);
        }

        return wholes;
    }
}
