using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class DoctorCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var repair = new Option<bool>("--repair") { Description = "Mend what can be mended, and look again. A server does it, which is started where none runs: torn tails are cut off and kept aside, what was left open is closed, leftovers are deleted; each session tells in its log what was found." };
        var command = new Command("doctor", "Look at the home, every line of its logs, every blob, settings, providers and programs, and tell what is wrong. Without --repair it changes nothing and starts no server; exit code 1 where something is wrong.") { repair, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var doctor = new Doctor(surroundings);
            var findings = parsed.GetValue(repair) ? await doctor.MendAsync(cancellationToken) : await doctor.LookAsync(cancellationToken);
            var isWell = findings.All(f => f.Health != Health.Wrong);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(findings, isWell));
            else
                Show(findings, isWell, surroundings.Out);
            return isWell ? CommandLine.Good : CommandLine.Failed;
        });
        return command;
    }

    private static void Show(IReadOnlyList<Finding> findings, bool isWell, Terminal screen)
    {
        foreach (var finding in findings)
        {
            var (mark, style) = finding.Health switch
            {
                Health.Good => ("✓", Style.Good),
                Health.Note => ("·", Style.Dim),
                Health.Warning => ("!", Style.Warning),
                _ => ("✗", Style.Bad),
            };
            screen.WriteLine(($"{mark} ", style), ($"{finding.Area,-10}", Style.Dim), (finding.Text, finding.Health == Health.Wrong ? Style.Bad : Style.Plain));
        }

        var warnings = findings.Count(f => f.Health == Health.Warning);
        screen.WriteLine(
            !isWell ? "Something is wrong." : warnings == 0 ? "All is well." : $"Nothing is wrong; {(warnings == 1 ? "one thing" : $"{warnings} things")} could be better (!).",
            isWell ? Style.Good : Style.Bad);
    }

    private static string Json(IReadOnlyList<Finding> findings, bool isWell) => new JsonObject
    {
        ["well"] = isWell,
        ["findings"] = new JsonArray([.. findings.Select(f => new JsonObject
        {
            ["area"] = f.Area, ["health"] = f.Health.ToString().ToLowerInvariant(), ["text"] = f.Text,
        })]),
    }.ToJsonString(SkeinJson.Relaxed.Options);
}
