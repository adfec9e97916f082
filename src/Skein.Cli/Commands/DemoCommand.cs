using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Cli.Demo;

namespace Skein.Cli.Commands;

internal static class DemoCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("demo", "See an agent repair a project, and its session outlive a killed server. Needs git and sh, but no key and no network.");
        command.SetAction((_, cancellationToken) => Show.RunAsync(surroundings, cancellationToken));
        return command;
    }
}
