using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Agents;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class AgentsCommand
{
    private static readonly string[] s_own = ["model", "resume", "fork", "steer"];

    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("agents", "List the agents that sessions can have: whether they can work here and now, and those that the project, once it is trusted, and you define. Exit code 1 where a file breaks a rule.") { json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var look = await AgentsLook.TakeAsync(surroundings, cancellationToken);
            var (agents, defined) = (look.Agents, look.Defined);
            var code = defined.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(new JsonObject
                {
                    ["default"] = look.Default,
                    ["agents"] = new JsonArray([.. agents.Select(a => new JsonObject
                    {
                        ["name"] = a.Kind.Name, ["usable"] = a.Problem is null, ["problem"] = a.Problem, ["resumes"] = a.Kind.Resumes,
                        ["driven"] = a.Driven is not null, ["command"] = a.Driven?.Command.ToString(), ["program"] = a.Probe?.Program, ["version"] = a.Probe?.Version,
                        ["can"] = AbilitiesOf(a) is { } can ? new JsonArray([.. can.Select(c => JsonValue.Create(c))]) : null,
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

            var table = new Table(["agent", "version", "can", "questions", "usable"], elastic: 1);
            foreach (var agent in agents)
            {
                var can = AbilitiesOf(agent);
                table.Add(
                    (agent.Kind.Name, Style.Accent), (agent.Driven is null ? "built in" : agent.Probe?.Version ?? "–", Style.Plain),
                    (can is null ? "what it tells" : string.Join(' ', can), can is null ? Style.Dim : Style.Plain),
                    (agent.Kind.Resumes ? "outlive a restart" : "end with it", Style.Plain),
                    (agent.Problem is null ? "yes" : "no", agent.Problem is null ? Style.Good : Style.Warning));
            }

            table.WriteTo(surroundings.Out);
            // Below the table: a reason is a sentence, and the narrow screen has no room for it in a column.
            foreach (var agent in agents.Where(a => a is { Driven: null, Problem: not null }))
                surroundings.Out.WriteLine(($"{agent.Kind.Name}: ", Style.Accent), (agent.Problem!, Style.Dim));
            string[] absent = [.. agents.Where(a => a is { Driven: not null, Problem: not null }).Select(a => a.Driven!.Command.Program)];
            if (absent.Length > 0)
                surroundings.Out.WriteLine($"Not installed: {string.Join(", ", absent)}", Style.Dim);
            surroundings.Out.WriteLine("Any other that speaks the Agent Client Protocol: skein run --agent acp:\"program arguments\"");
            if (defined.Agents.Count > 0)
                List(surroundings, defined);
            Definitions.Complain(surroundings, "agents", defined.Untrusted, defined.Problems);
            return code;
        });
        return command;
    }

    private static IReadOnlyList<string>? AbilitiesOf(AgentLook agent) => agent.Driven is { } driven ? driven.Abilities : s_own;

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
