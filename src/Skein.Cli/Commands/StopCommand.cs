using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class StopCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var names = Values.Sessions("Only end the turns and agents of these, not the server");
        var workspace = new Option<string>("--workspace") { Description = "Only end the turns and agents of this folder's sessions; '.' is this one.", HelpName = "PATH" };
        var command = new Command("stop", "Stop the server, or only what sessions do. Turns that run are interrupted; sessions stay.") { names, workspace };
        command.Validators.Add(result =>
        {
            if (result.GetValue(names) is { Length: > 0 } && result.GetValue(workspace) is not null)
                result.AddError("SESSION and --workspace exclude each other: one names sessions, the other all of a folder.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            if (parsed.GetValue(workspace) is { } folder)
                await EndAllAsync(home, RealPath.Of(Path.GetFullPath(folder, surroundings.Folder)), surroundings, cancellationToken);
            else if (parsed.GetValue(names) is { Length: > 0 } sessions)
                await EndAsync(home, sessions, surroundings, cancellationToken);
            else if (await Stopping.StopAsync(home, surroundings, cancellationToken) is { } info)
                surroundings.Out.WriteLine($"The server with pid {info.Pid} stopped.");
            else
                surroundings.Error.WriteLine($"No server runs for {home.Path}.", Style.Dim);
            return CommandLine.Good;
        });
        return command;
    }

    // Where no server runs, no session does anything: none is started to end something.
    private static async Task EndAllAsync(SkeinHome home, string folder, Surroundings surroundings, CancellationToken cancellationToken)
    {
        IReadOnlyList<SessionId> ended = [];
        if (Servers.FindInfo(home) is { } info)
        {
            await using var client = Servers.Connect(info, surroundings);
            ended = (await client.ReleaseAllAsync(folder, cancellationToken)).Sessions;
        }

        foreach (var session in ended)
            surroundings.Out.WriteLine(session.Value);
        if (ended.Count == 0)
            surroundings.Error.WriteLine($"No session in {folder} does anything.", Style.Dim);
    }

    private static async Task EndAsync(SkeinHome home, string[] names, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (Servers.FindInfo(home) is not { } info)
        {
            surroundings.Error.WriteLine($"No server runs for {home.Path}, so that no session does anything.", Style.Dim);
            return;
        }

        await using var client = Servers.Connect(info, surroundings);
        foreach (var session in await KeepingCommands.ResolveAsync(client, names, surroundings, cancellationToken))
        {
            await client.ReleaseAsync(session, cancellationToken);
            surroundings.Out.WriteLine(session.Value);
        }
    }
}
