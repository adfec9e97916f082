using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Adapters;
using Skein.Agent.Agents;
using Skein.Agent.Settings;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Agents;

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
            var home = SkeinHome.Of(surroundings);
            using var settings = new HomeSettings(home, surroundings);
            using var keys = new ProviderKeys(home.Path);
            await using var agents = Agents.Open(
                home, await settings.ReadAsync(null, cancellationToken), await keys.ReadAsync(cancellationToken), settings, surroundings);
            var defined = await settings.Agents(surroundings).FindAsync(surroundings.Folder, cancellationToken);
            var code = defined.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
            var rows = await Task.WhenAll(agents.Kinds.Named.Select(kind => RowAsync(kind, agents, surroundings, cancellationToken)));
            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(new JsonObject
                {
                    ["default"] = agents.SessionDefaults.DefaultAgent,
                    ["agents"] = new JsonArray([.. rows.Select(r => new JsonObject
                    {
                        ["name"] = r.Name, ["usable"] = r.Problem is null, ["problem"] = r.Problem, ["resumes"] = r.Resumes,
                        ["driven"] = r.Command is not null, ["command"] = r.Command, ["program"] = r.Probe?.Program, ["version"] = r.Probe?.Version,
                        ["can"] = r.Abilities is { } can ? new JsonArray([.. can.Select(a => JsonValue.Create(a))]) : null,
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

            var table = new Table(["agent", "version", "can", "questions", "usable"], elastic: 4);
            foreach (var row in rows)
            {
                table.Add(
                    (row.Name, Style.Accent), (row.Command is null ? "built in" : row.Probe?.Version ?? "", Style.Plain),
                    (row.Abilities is { } can ? string.Join(' ', can) : "what it tells", row.Abilities is null ? Style.Dim : Style.Plain),
                    (row.Resumes ? "outlive a restart" : "end with it", Style.Plain),
                    (row.Problem is null ? "yes" : $"no: {row.Problem}", row.Problem is null ? Style.Good : Style.Warning));
            }

            table.WriteTo(surroundings.Out);
            surroundings.Out.WriteLine("Any other that speaks the Agent Client Protocol: skein run --agent acp:\"program arguments\"");
            if (defined.Agents.Count > 0)
                List(surroundings, defined);
            Definitions.Complain(surroundings, "agents", defined.Untrusted, defined.Problems);
            return code;
        });
        return command;
    }

    private static async Task<Row> RowAsync(AgentKind kind, Composition.Agents agents, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (agents.Driven.Named.FirstOrDefault(a => a.Name == kind.Name) is not { } driven)
            return new Row(kind.Name, kind.Resumes, kind.CheckModel(kind.Name == agents.SessionDefaults.DefaultAgent ? agents.SessionDefaults.DefaultModel : null), null, null, s_own);

        var probe = await AgentProbe.OfAsync(driven, agents.Driven.EnvironmentOf(driven), surroundings.Time, cancellationToken);
        return new Row(kind.Name, kind.Resumes, probe.Program is null ? $"'{driven.Command.Program}' is not installed" : null, driven.Command.ToString(), probe, driven.Abilities);
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

    /// <param name="Problem">Why it cannot be used; null: it can.</param>
    /// <param name="Command">How it is started; null: it is built in.</param>
    /// <param name="Abilities">As <see cref="DrivableAgent.Abilities"/>.</param>
    private sealed record Row(string Name, bool Resumes, string? Problem, string? Command, AgentProbe? Probe, IReadOnlyList<string>? Abilities);
}
