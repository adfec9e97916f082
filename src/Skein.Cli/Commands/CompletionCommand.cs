using System.CommandLine;
using Skein.Cli.Composition;

namespace Skein.Cli.Commands;

internal static class CompletionCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish.", CompletionSources = { "bash", "zsh", "fish" } };
        var command = new Command(
            "completion",
            "Print what completes commands and options in a shell. bash: source <(skein completion bash) in ~/.bashrc; "
            + "zsh: skein completion zsh > a file _skein in $fpath; fish: skein completion fish > ~/.config/fish/completions/skein.fish.") { shell };
        command.SetAction(parsed =>
        {
            var root = CommandTree.For([], surroundings);
            RootHelp.Shorten(root);
            surroundings.Out.Write(parsed.GetValue(shell) switch
            {
                "bash" => Completions.Bash(root),
                "zsh" => Completions.Zsh(root),
                "fish" => Completions.Fish(root),
                var other => throw new UsageException($"'{other}' is no shell that is known: it must be bash, zsh or fish."),
            });
            return CommandLine.Good;
        });
        return command;
    }
}
