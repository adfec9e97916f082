using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class DiffCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.SessionOrLast();
        var turn = new Argument<string?>("TURN")
        {
            Description = "What this turn changed: its number (the first prompt and what came of it is 1), or 'last'; without it: the whole session.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var stat = new Option<bool>("--stat") { Description = "Only which files, and how many lines." };
        var noPager = Values.NoPager();
        var json = Values.Json();
        var command = new Command("diff", "Show what became of the files of a session's folder.") { name, turn, stat, noPager, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            TurnId? one = parsed.GetValue(turn) is { } called ? await Pages.FindTurnAsync(client, id, called, cancellationToken) : null;
            var diff = await client.DiffAsync(id, one, withPatch: !parsed.GetValue(stat), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(diff, SkeinJson.Relaxed.SessionDiff));
            else if (diff.Files.Count == 0)
                surroundings.Error.WriteLine(FileDiff.None, Style.Dim);
            else
                await Pager.ShowAsync(surroundings, !parsed.GetValue(noPager), screen => FileDiff.Show(diff, screen, parsed.GetValue(stat)));
            return CommandLine.Good;
        });
        return command;
    }
}
