using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Skein.Cli.Commands;

/// <summary>The help of <c>skein</c> itself is a list to choose from: of each command one sentence; its own help says the rest.</summary>
internal sealed class RootHelp : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is RootCommand root)
            Shorten(root);
        return new HelpAction().Invoke(parseResult);
    }

    /// <summary>Leaves of each command's description the first sentence.</summary>
    public static void Shorten(RootCommand root)
    {
        foreach (var command in root.Subcommands)
        {
            if (command.Description?.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end)
                command.Description = command.Description[..(end + 1)];
            // A default would stand behind the sentence, and tell nothing without the name of what has it.
            foreach (var argument in command.Arguments)
            {
                if (argument is Argument<string> one)
                    one.DefaultValueFactory = null;
                else if (argument is Argument<string[]> several)
                    several.DefaultValueFactory = null;
            }
        }
    }
}
