using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class GcCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("gc", "Give back the space of what no session needs any more, and compress the logs of sessions that have rested for 'compress_days' (30). The server does so by itself every day, and after a purge.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var collected = await client.CollectAsync(cancellationToken);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(collected, SkeinJson.Relaxed.Collected));
            else
                Show(collected, surroundings);

            // What is damaged needs somebody to look at it.
            return collected.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
        });
        return command;
    }

    private static void Show(Collected collected, Surroundings surroundings)
    {
        (string One, string Several, Reclaimed Of)[] rows =
        [
            ("blob", "blobs", collected.Blobs), ("origin of forks", "origins of forks", collected.Origins), ("leftover", "leftovers", collected.Leftovers),
            ("compressed log", "compressed logs", collected.Compressed), ("file of snapshots", "files of snapshots", collected.Snapshots),
        ];
        foreach (var (one, several, of) in rows.Where(r => r.Of.Files > 0))
            surroundings.Out.WriteLine(($"{of.Files} {(of.Files == 1 ? one : several)}", Style.Plain), ($"  {Spans.Bytes(of.Bytes)}", Style.Dim));
        if (rows.All(r => r.Of.Files == 0))
            surroundings.Out.WriteLine("There was nothing to give back.");
        foreach (var problem in collected.Problems)
            surroundings.Error.WriteLine($"skein: {TerminalText.CleanLine(problem)}", Style.Warning);
    }
}
