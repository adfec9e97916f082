using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Cli.Commands;

internal static class AttachCommand
{
    private const int LastMessages = 6;

    public static Command Create(Surroundings surroundings)
    {
        var name = Values.SessionOrLast();
        var after = Values.After();
        var json = new Option<bool>("--json") { Description = "Print the events, one a line, as the API has them." };
        var command = new Command("attach", "Show what a session said last, then follow it live, until Ctrl+C. Any number of terminals can.") { name, after, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var from = parsed.GetValue(after);
            if (parsed.GetValue(json))
            {
                await foreach (var frame in client.FollowAsync(id, from ?? 0, cancellationToken))
                {
                    if (frame is EventFrame { Event: var e })
                        surroundings.Out.WriteJsonLine(EventLines.Of(e));
                }

                return CommandLine.Good;
            }

            var session = (await client.GetAsync(id, cancellationToken)).Session;
            var start = from ?? await ShowLastAsync();
            await using var desk = new PermissionDesk(client, id, surroundings, refuse: false);
            var screen = new TurnScreen(surroundings.Out, surroundings.Activity, showPrompts: true);
            var open = session.Questions.Select(q => q.Permission).ToHashSet();
            await foreach (var frame in client.FollowAsync(id, start, cancellationToken))
            {
                screen.Show(frame);

                // Of the questions of the past only those are asked that are still open.
                if (frame is EventFrame { Event: var e } && (e.Body is not PermissionAsked asked || e.Seq > session.Seq || open.Contains(asked.Permission)))
                    await desk.SeeAsync(e.Body, cancellationToken);
            }

            return CommandLine.Good;

            // What is still arriving is not shown here: following shows it, from its beginning.
            async Task<long> ShowLastAsync()
            {
                var page = await client.ListMessagesAsync(id, null, LastMessages, cancellationToken);
                var whole = page.Items.TakeWhile(m => m.Status is (MessageStatus.Completed or MessageStatus.Error) && !m.UnansweredCalls.Any()).ToArray();
                var conversation = new Conversation(surroundings.Out, surroundings.Time);
                conversation.ShowHead(session);
                conversation.Show(whole, session.Messages - (page.Items.Count - whole.Length));
                surroundings.Activity.WriteLine("following; Ctrl+C leaves", Style.Dim);
                return whole.Length == page.Items.Count ? page.Seq : page.Items[whole.Length].Seq - 1;
            }
        });
        return command;
    }
}
