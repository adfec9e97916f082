using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class StopCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("stop", "Stop the server. Turns that run are interrupted; sessions stay.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            if (Servers.FindInfo(home) is not { } info)
            {
                surroundings.Error.WriteLine($"No server runs for {home.Path}.", Style.Dim);
                return CommandLine.Good;
            }

            await using (var client = Servers.Connect(info, surroundings))
                await client.StopAsync(cancellationToken);

            // Its file goes last: then the home is free for the next server.
            var asked = surroundings.Time.GetTimestamp();
            while (home.FindServer() is { } still && still.Pid == info.Pid)
            {
                if (surroundings.Time.GetElapsedTime(asked) > s_patience)
                    throw new HomeException($"The server with pid {info.Pid} was asked to stop and still runs after {s_patience.TotalSeconds} s: see {home.LogFile}.");
                await Task.Delay(s_pause, surroundings.Time, cancellationToken);
            }

            surroundings.Out.WriteLine($"The server with pid {info.Pid} stopped.");
            return CommandLine.Good;
        });
        return command;
    }
}
