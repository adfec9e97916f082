using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Skills;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class SkillsCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string?>("NAME") { Description = "Print what this skill tells an agent.", Arity = ArgumentArity.ZeroOrOne };
        var json = Values.Json();
        var command = new Command("skills", "List the skills that agents have in this folder: the project's, once it is trusted, and yours. Exit code 1 where one breaks a rule.") { name, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var found = await settings.Skills(surroundings).FindAsync(surroundings.Folder, cancellationToken);
            if (parsed.GetValue(name) is { } wanted)
                Print(surroundings, found, wanted);
            else if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(found));
            else
                List(surroundings, found);
            return found.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
        });
        return command;
    }

    private static void Print(Surroundings surroundings, SkillSet found, string name)
    {
        var skill = found.Skills.FirstOrDefault(s => s.Name == name)
            ?? throw new UsageException($"There is no skill '{name}' here{(found.Skills.Count == 0 ? "" : $"; there are: {string.Join(", ", found.Skills.Select(s => s.Name))}")}.");
        surroundings.Out.WriteLine(TerminalText.Clean(skill.ReadBody()));
    }

    private static void List(Surroundings surroundings, SkillSet found)
    {
        if (found.Skills.Count == 0)
            surroundings.Out.WriteLine("No skills. One is a folder with a SKILL.md, in .skein/skills, .agents/skills or .claude/skills of the project or of your home.");
        else
        {
            var table = new Table(["skill", "what for", "folder"], elastic: 1);
            foreach (var skill in found.Skills)
                table.Add((skill.Name, Style.Accent), (skill.Description, Style.Plain), (skill.Folder, Style.Dim));
            table.WriteTo(surroundings.Out);
        }

        Definitions.Complain(surroundings, "skills", found.Untrusted, found.Problems);
    }

    private static string Json(SkillSet found) => new JsonObject
    {
        ["skills"] = new JsonArray([.. found.Skills.Select(s => new JsonObject
        {
            ["name"] = s.Name, ["description"] = s.Description, ["folder"] = s.Folder,
            ["allowed_tools"] = s.AllowedTools is { } tools ? new JsonArray([.. tools.Select(t => JsonValue.Create(t))]) : null,
        })]),
        ["problems"] = Definitions.Json(found.Problems),
        ["untrusted"] = new JsonArray([.. found.Untrusted.Select(f => JsonValue.Create(f))]),
    }.ToJsonString(SkeinJson.Relaxed.Options);
}
