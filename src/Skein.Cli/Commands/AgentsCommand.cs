using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Agents;
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
        var command = new Command("agents", "List the agents that sessions can have: whether they can work here and now, and those that the project, once it is trusted, and you define. Exit code 1 where a file breaks a rule.") { json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            using var settings = new HomeSettings(home, surroundings);
            using var keys = new ProviderKeys(home.Path);
            await using var agents = Agents.Open(
                home, await settings.ReadAsync(null, cancellationToken), await keys.ReadAsync(cancellationToken), settings, surroundings);
            var defined = await settings.Agents(surroundings).FindAsync(surroundings.Folder, cancellationToken);
            var code = defined.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
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
                    ["defined"] = new JsonArray([.. defined.Agents.Select(a => new JsonObject
                    {
                        ["name"] = a.Name, ["description"] = a.Description, ["file"] = a.File, ["model"] = a.Model, ["mode"] = a.Mode?.ToString().ToLowerInvariant(),
                        ["tools"] = a.Tools is { } tools ? new JsonArray([.. tools.Select(t => JsonValue.Create(t))]) : null,
                    })]),
                    ["problems"] = Definitions.Json(defined.Problems),
                    ["untrusted"] = new JsonArray([.. defined.Untrusted.Select(f => JsonValue.Create(f))]),
                }.ToJsonString(SkeinJson.Relaxed.Options));
                return code;
            }

            var table = new Table(["agent", "questions", "usable"], elastic: 2);
            foreach (var (name, resumes, problem) in rows)
                table.Add((name, Style.Accent), (resumes ? "outlive a restart" : "end with it", Style.Plain), (problem is null ? "yes" : $"no: {problem}", problem is null ? Style.Good : Style.Warning));
            table.WriteTo(surroundings.Out);
            if (defined.Agents.Count > 0)
                List(surroundings, defined);
            Definitions.Complain(surroundings, "agents", defined.Untrusted, defined.Problems);
            return code;
        });
        return command;
    }

    private static void List(Surroundings surroundings, AgentSet defined)
    {
        surroundings.Out.WriteLine();
        var table = new Table(["defined", "what for", "model", "mode", "file"], elastic: 1);
        foreach (var agent in defined.Agents)
            table.Add(
                (agent.Name, Style.Accent), (agent.Description, Style.Plain), (agent.Model ?? "", Style.Plain),
                (agent.Mode?.ToString().ToLowerInvariant() ?? "", Style.Plain), (agent.File, Style.Dim));
        table.WriteTo(surroundings.Out);
    }
}
