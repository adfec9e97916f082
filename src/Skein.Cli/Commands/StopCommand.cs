using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Commands;

internal static class StopCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("stop", "Stop the server. Turns that run are interrupted; sessions stay.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            if (await Stopping.StopAsync(home, surroundings, cancellationToken) is { } info)
                surroundings.Out.WriteLine($"The server with pid {info.Pid} stopped.");
            else
                surroundings.Error.WriteLine($"No server runs for {home.Path}.", Style.Dim);
            return CommandLine.Good;
        });
        return command;
    }
}
