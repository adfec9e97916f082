using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class AgentsCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("agents", "List the agents that sessions can have: whether they can work here and now, and what they can.") { json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            using var settings = new HomeSettings(home, surroundings);
            using var keys = new ProviderKeys(home.Path);
            await using var agents = Agents.Open(
                home, await settings.ReadAsync(null, cancellationToken), await keys.ReadAsync(cancellationToken), settings, surroundings);
            var rows = agents.Kinds.Named.Select(kind => (kind.Name, kind.Resumes, Problem: kind.CheckModel(kind.Name == agents.SessionDefaults.DefaultAgent ? agents.SessionDefaults.DefaultModel : null))).ToArray();
            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(new JsonObject
                {
                    ["default"] = agents.SessionDefaults.DefaultAgent,
                    ["agents"] = new JsonArray([.. rows.Select(r => new JsonObject
                    {
                        ["name"] = r.Name, ["usable"] = r.Problem is null, ["problem"] = r.Problem, ["resumes"] = r.Resumes,
                    })]),
                }.ToJsonString(SkeinJson.Relaxed.Options));
                return CommandLine.Good;
            }

            var table = new Table(["agent", "questions", "usable"], elastic: 2);
            foreach (var (name, resumes, problem) in rows)
                table.Add((name, Style.Accent), (resumes ? "outlive a restart" : "end with it", Style.Plain), (problem is null ? "yes" : $"no: {problem}", problem is null ? Style.Good : Style.Warning));
            table.WriteTo(surroundings.Out);
            return CommandLine.Good;
        });
        return command;
    }
}
