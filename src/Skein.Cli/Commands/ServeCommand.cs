using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;

namespace Skein.Cli.Commands;

internal static class ServeCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var listen = new Option<string>("--listen")
        {
            Description = "Also listen on TCP, as 127.0.0.1:7788. Clients show a token: $SKEIN_TOKEN, else one that 'skein status --json' tells; those that only read, $SKEIN_READ_TOKEN.",
            HelpName = "ADDRESS",
        };
        var allowHosts = new Option<string[]>("--allow-host")
        {
            Description = "A name that requests over TCP may be addressed to, beside this machine's own. Needed where others can reach the address.",
            HelpName = "HOST",
        };
        var record = Values.Record(surroundings.Folder);
        var background = new Option<bool>("--background") { Hidden = true };
        var command = new Command("serve", "Serve the sessions of the home, in the foreground, until Ctrl+C. Other commands start a server by themselves.")
        {
            listen, allowHosts, record, background,
        };

        command.SetAction((parsed, cancellationToken) => Serving.RunAsync(
            surroundings with { Record = parsed.GetValue(record) },
            new Listening(parsed.GetValue(listen), Variable("SKEIN_TOKEN"), Variable("SKEIN_READ_TOKEN"), parsed.GetValue(allowHosts) ?? []),
            parsed.GetValue(background),
            cancellationToken));
        return command;

        string? Variable(string name) => surroundings.Variable(name) is { Length: > 0 } value ? value : null;
    }
}
