using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>The trash: into it, what is in it, and out of it for good.</summary>
internal static class TrashCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var names = Values.SeveralSessions();
        names.Arity = ArgumentArity.ZeroOrMore;
        var list = new Option<bool>("--list") { Description = "List what is in the trash, of all folders." };
        var purge = new Option<bool>("--purge") { Description = "Delete sessions that are in the trash for good. Forks keep what they inherited." };
        var yes = new Option<bool>("--yes", "-y") { Description = "With --purge: do not ask." };
        var json = Values.Json();
        var command = new Command("trash", "Throw sessions into the trash. Nothing is deleted until --purge: 'skein restore' brings them back.")
        {
            names, list, purge, yes, json,
        };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var called = parsed.GetValue(names)!;
            var (isList, isPurge, isJson) = (parsed.GetValue(list), parsed.GetValue(purge), parsed.GetValue(json));
            if (isList && (called.Length > 0 || isPurge))
                throw new UsageException("'skein trash --list' goes with no SESSION and not with --purge.");
            if (!isList && called.Length == 0)
                throw new UsageException("'skein trash' needs SESSION: see 'skein trash --help'.");
            if (parsed.GetValue(yes) && !isPurge)
                throw new UsageException("'skein trash --yes' is for --purge: nothing else is asked about.");

            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            if (isList)
                await LsCommand.ListAsync(client, new SessionQuery(Archived: null, Trashed: true, Limit: 1000), isJson, surroundings, cancellationToken);
            else if (isPurge)
                await PurgeAsync(client, called, parsed.GetValue(yes), isJson, surroundings, cancellationToken);
            else
                await KeepingCommands.ActAsync(client, called, "in the trash", static (c, id, token) => c.TrashAsync(id, token), isJson, surroundings, cancellationToken);
            return CommandLine.Good;
        });
        return command;
    }

    private static async Task PurgeAsync(
        SkeinClient client, string[] called, bool isAgreed, bool json, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var sessions = new List<Session>();
        foreach (var id in await KeepingCommands.ResolveAsync(client, called, surroundings, cancellationToken))
        {
            var session = (await client.GetAsync(id, cancellationToken)).Session;
            if (session.TrashedAt is null)
                throw new ConflictException($"Session {id} is not in the trash: only what is there can be purged (see 'skein trash --list').");
            sessions.Add(session);
        }

        // All are known to be purgeable before the first is gone.
        if (!isAgreed && !Ask(sessions, surroundings))
        {
            surroundings.Error.WriteLine("Nothing was deleted.", Style.Dim);
            return;
        }

        foreach (var session in sessions)
        {
            await client.PurgeAsync(session.Id, cancellationToken);
            if (json)
                surroundings.Out.WriteJsonLine(new JsonObject { ["purged"] = session.Id.Value }.ToJsonString(SkeinJson.Relaxed.Options));
            else
                Answers.Tell(surroundings, session, "deleted");
            if (session.Worktree is { } worktree && Directory.Exists(worktree.Folder))
                surroundings.Error.WriteLine($"Its worktree {TerminalText.CleanLine(worktree.Folder)} stays: it has what is neither committed nor snapshotted for its origin.", Style.Warning);
        }
    }

    private static bool Ask(List<Session> sessions, Surroundings surroundings)
    {
        if (!surroundings.CanAsk)
            throw new UsageException("'skein trash --purge' deletes for good and nobody is there to be asked: give --yes.");

        foreach (var session in sessions)
            surroundings.Out.WriteLine((SessionName.Shorten(session.Id), Style.Accent), ($"  {session.Title}", Style.Plain), ($"  {Spans.Plural(session.Messages, "message")}", Style.Dim));

        // What was typed before the question is no answer to it.
        TypeAhead.Discard();
        surroundings.Out.Write(sessions.Count == 1 ? "? Delete it for good? [y]es, [n]o: " : $"? Delete these {sessions.Count} for good? [y]es, [n]o: ", Style.Warning);
        var answer = surroundings.Input.ReadLine();
        surroundings.Out.LineWasEnded();
        return answer?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
