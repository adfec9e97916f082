using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>What is done with sessions as a whole: put aside and back, and out of the trash. One or several at once.</summary>
internal static class KeepingCommands
{
    internal delegate Task<SessionView> Act(SkeinClient client, SessionId session, CancellationToken cancellationToken);

    public static Command CreateArchive(Surroundings surroundings) => Create(
        surroundings, "archive", "Put sessions aside: 'skein ls' no longer lists them. A prompt brings one back.", "archived",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Archived: true), cancellationToken));

    public static Command CreateUnarchive(Surroundings surroundings) => Create(
        surroundings, "unarchive", "Bring archived sessions back.", "unarchived",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Archived: false), cancellationToken));

    public static Command CreatePin(Surroundings surroundings) => Create(
        surroundings, "pin", "Keep sessions from the retention: what the settings throw away by age or number, these are not.", "pinned",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Pinned: true), cancellationToken));

    public static Command CreateUnpin(Surroundings surroundings) => Create(
        surroundings, "unpin", "Leave pinned sessions to the retention again.", "unpinned",
        static (client, id, cancellationToken) => client.ChangeAsync(id, new SessionChange(Pinned: false), cancellationToken));

    public static Command CreateRestore(Surroundings surroundings) => Create(
        surroundings, "restore", "Bring sessions back from the trash.", "restored",
        static (client, id, cancellationToken) => client.RestoreAsync(id, cancellationToken));

    /// <summary>Whom people mean, each once. Numbers mean the list as it was before the first of them changed it.</summary>
    public static async Task<IReadOnlyList<SessionId>> ResolveAsync(
        SkeinClient client, string[] called, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var ids = new List<SessionId>();
        foreach (var name in called)
            ids.Add(await SessionName.ResolveAsync(client, name, surroundings.Folder, cancellationToken));
        return [.. ids.Distinct()];
    }

    /// <summary>Does the same with each session and tells it.</summary>
    public static async Task ActAsync(
        SkeinClient client, string[] called, string done, Act act, bool json, Surroundings surroundings, CancellationToken cancellationToken)
    {
        foreach (var id in await ResolveAsync(client, called, surroundings, cancellationToken))
        {
            var view = await act(client, id, cancellationToken);
            if (json)
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, done);
        }
    }

    private static Command Create(Surroundings surroundings, string name, string description, string done, Act act)
    {
        var names = Values.SeveralSessions();
        var json = Values.Json();
        var command = new Command(name, description) { names, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            await ActAsync(client, parsed.GetValue(names)!, done, act, parsed.GetValue(json), surroundings, cancellationToken);
            return CommandLine.Good;
        });
        return command;
    }
}
