using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core.Events;

namespace Skein.Cli.Commands;

internal static class InitCommand
{
    private const string FileName = "AGENTS.md";

    public static Command Create(Surroundings surroundings)
    {
        var agent = new Option<string>("--agent") { Description = "Who writes it: an agent's name.", HelpName = "AGENT" };
        var model = new Option<string>("--model", "-m") { Description = "The model: provider/name.", HelpName = "PROVIDER/MODEL" };
        var yes = new Option<bool>("--yes", "-y") { Description = $"Write {FileName} without being asked." };
        var command = new Command("init", $"Have the agent look at this project and write {FileName}: what agents should know who work here. Fails if it did not.") { agent, model, yes };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = Path.Combine(surroundings.Folder, FileName);
            var before = await ReadAsync(path, cancellationToken);
            var request = new RunRequest(
                PromptText(), null, parsed.GetValue(agent), parsed.GetValue(model), PermissionMode.Ask, Json: false, InProcess: false, Ephemeral: false, Trust: false,
                parsed.GetValue(yes) ? IsAboutTheFile : null);
            var code = await new Run(surroundings, request).RunAsync(cancellationToken);
            if (code != CommandLine.Good)
                return code;

            var after = await ReadAsync(path, cancellationToken);
            if (after is { Length: > 0 } && after != before)
            {
                surroundings.Out.WriteLine($"{(before is null ? "Wrote" : "Changed")} {FileName}, {after.AsSpan().Count('\n')} lines.", Style.Good);
                return CommandLine.Good;
            }

            surroundings.Error.WriteLine(
                before is null ? $"skein: The agent ended without writing {FileName}." : $"skein: The agent ended and left {FileName} as it was.", Style.Bad);
            return CommandLine.Failed;
        });
        return command;
    }

    // Agents ask about this file in every mode, since it tells them what to do: here that is what was asked for.
    private static bool IsAboutTheFile(PermissionAsked asked) =>
        asked is { Tool: "write" or "edit" } && asked.Title == $"{asked.Tool} {FileName}";

    private static async Task<string?> ReadAsync(string path, CancellationToken cancellationToken) =>
        File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : null;

    private static string PromptText()
    {
        using var stream = typeof(InitCommand).Assembly.GetManifestResourceStream("init.md")
            ?? throw new InvalidOperationException("The assembly lacks init.md.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Trim();
    }
}
