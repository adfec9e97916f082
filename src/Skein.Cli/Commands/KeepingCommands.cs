using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>What is done with sessions as a whole: put aside and back, thrown away and back. One or several at once.</summary>
internal static class KeepingCommands
{
    private delegate Task<SessionView> Act(SkeinClient client, SessionId session, CancellationToken cancellationToken);

    public static Command CreateArchive(Surroundings surroundings) => Create(
        surroundings, "archive", "Put sessions aside: 'skein ls' no longer lists them. A prompt brings one back.", "archived",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Archived: true), cancellationToken));

    public static Command CreateUnarchive(Surroundings surroundings) => Create(
        surroundings, "unarchive", "Bring archived sessions back.", "unarchived",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Archived: false), cancellationToken));

    public static Command CreateTrash(Surroundings surroundings) => Create(
        surroundings, "trash", "Throw sessions into the trash. Nothing is deleted: 'skein restore' brings them back.", "in the trash",
        static (client, id, cancellationToken) => client.TrashAsync(id, cancellationToken));

    public static Command CreateRestore(Surroundings surroundings) => Create(
        surroundings, "restore", "Bring sessions back from the trash.", "restored",
        static (client, id, cancellationToken) => client.RestoreAsync(id, cancellationToken));

    private static Command Create(Surroundings surroundings, string name, string description, string done, Act act)
    {
        var names = Values.SeveralSessions();
        var json = Values.Json();
        var command = new Command(name, description) { names, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);

            // Numbers mean the list as it was before the first of them changed it.
            var ids = new List<SessionId>();
            foreach (var called in parsed.GetValue(names)!)
                ids.Add(await SessionName.ResolveAsync(client, called, surroundings.Folder, cancellationToken));

            foreach (var id in ids.Distinct())
            {
                var view = await act(client, id, cancellationToken);
                if (parsed.GetValue(json))
                    surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
                else
                    Answers.Tell(surroundings, view.Session, done);
            }

            return CommandLine.Good;
        });
        return command;
    }
}
