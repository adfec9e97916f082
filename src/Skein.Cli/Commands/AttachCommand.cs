using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Cli.Commands;

internal static class AttachCommand
{
    private const int LastMessages = 6;

    public static Command Create(Surroundings surroundings)
    {
        var names = Values.SeveralSessionsOrLast();
        var after = Values.After();
        var json = new Option<bool>("--json") { Description = "Print the events, one a line, as the API has them." };
        var command = new Command(
            "attach",
            "Show what a session said last, then follow it live, until Ctrl+C. Any number of terminals can. Several sessions at once are followed "
            + "line by line, each line with its session; their questions are shown, and answered by who attaches to one alone.") { names, after, json };

        command.Validators.Add(result =>
        {
            // Asked for by its place: a value that was refused has been told already and cannot be had.
            if (result.GetResult(after) is { Implicit: false } && result.GetValue(names) is { Length: > 1 })
                result.AddError("--after is for one session: sequences of several have nothing to do with each other.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var ids = new List<SessionId>();
            foreach (var called in parsed.GetValue(names)!)
                ids.Add(await SessionName.ResolveAsync(client, called, surroundings.Folder, cancellationToken));

            var from = parsed.GetValue(after);
            var follow = parsed.GetValue(json) ? FollowJsonAsync(client, [.. ids.Distinct()], from ?? 0, surroundings, cancellationToken)
                : ids.Distinct().Count() > 1 ? FollowSeveralAsync(client, [.. ids.Distinct()], surroundings, cancellationToken)
                : FollowAsync(client, ids[0], from, surroundings, cancellationToken);
            await follow;
            return CommandLine.Good;
        });
        return command;
    }

    private static Task FollowJsonAsync(SkeinClient client, SessionId[] ids, long after, Surroundings surroundings, CancellationToken cancellationToken) =>
        AllAsync(ids, async (id, stop) =>
        {
            await foreach (var frame in client.FollowAsync(id, after, stop))
            {
                if (frame is EventFrame { Event: var e })
                    surroundings.Out.WriteJsonLine(EventLines.Of(e));
            }
        }, cancellationToken);

    private static async Task FollowAsync(SkeinClient client, SessionId id, long? from, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var session = (await client.GetAsync(id, cancellationToken)).Session;
        var start = from ?? await ShowLastAsync();
        await using var desk = new PermissionDesk(client, session, surroundings, refuse: false);
        var screen = new TurnScreen(surroundings.Out, surroundings.Activity, showPrompts: true);
        var open = session.Questions.Select(q => q.Permission).ToHashSet();
        await foreach (var frame in client.FollowAsync(id, start, cancellationToken))
        {
            screen.Show(frame);

            // Of the questions of the past only those are asked that are still open.
            if (frame is EventFrame { Event: var e } && (e.Body is not PermissionAsked asked || e.Seq > session.Seq || open.Contains(asked.Permission)))
                await desk.SeeAsync(e.Body, cancellationToken);
        }

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
    }

    private static async Task FollowSeveralAsync(SkeinClient client, SessionId[] ids, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var shortIds = SessionName.Shorten([.. ids.Select(id => id.Value)]);
        var sessions = new List<Session>();
        for (var i = 0; i < ids.Length; i++)
        {
            var session = (await client.GetAsync(ids[i], cancellationToken)).Session;
            var (status, style) = Words.Of(session);
            surroundings.Activity.WriteLine((shortIds[i], Style.Accent), ($"  {TerminalText.CleanLine(session.Title)}  ", Style.Bold), (status, style));
            sessions.Add(session);
        }

        surroundings.Activity.WriteLine("following; Ctrl+C leaves", Style.Dim);
        await AllAsync(ids, async (id, stop) =>
        {
            var place = Array.IndexOf(ids, id);
            var lines = new Terminal(new PrefixedLines(surroundings.Out, shortIds[place]), isTerminal: false, colors: false, surroundings.Out.Width);
            var screen = new TurnScreen(lines, lines, showPrompts: true);
            await foreach (var frame in client.FollowAsync(id, sessions[place].Seq, stop))
                screen.Show(frame);
        }, cancellationToken);
    }

    // One that fails ends the others: what is shown would silently lack a session.
    private static async Task AllAsync(SessionId[] ids, Func<SessionId, CancellationToken, Task> follow, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = ids.Select(id => follow(id, stop.Token)).ToArray();
        var first = await Task.WhenAny(running);
        await stop.CancelAsync();
        try
        {
            await Task.WhenAll(running);
        }
        catch (OperationCanceledException) when (first.IsFaulted)
        {
            // Why the first one ended is what there is to tell.
        }

        await first;
    }
}
