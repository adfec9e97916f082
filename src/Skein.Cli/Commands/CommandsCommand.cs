using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class CommandsCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string?>("NAME") { Description = "Print what this command says.", Arity = ArgumentArity.ZeroOrOne };
        var json = Values.Json();
        var command = new Command("commands", "List the slash commands of this folder: the project's, once it is trusted, and yours. Exit code 1 where one breaks a rule.") { name, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var found = await settings.Commands(surroundings).FindAsync(surroundings.Folder, cancellationToken);
            if (parsed.GetValue(name) is { } wanted)
                Print(surroundings, found, wanted.TrimStart('/'));
            else if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(found));
            else
                List(surroundings, found);
            return found.Problems.Count == 0 ? CommandLine.Good : CommandLine.Failed;
        });
        return command;
    }

    private static void Print(Surroundings surroundings, CommandSet found, string name)
    {
        var command = found.Commands.FirstOrDefault(c => c.Name == name)
            ?? throw new UsageException($"There is no command '/{name}' here{(found.Commands.Count == 0 ? "" : $"; there are: {string.Join(", ", found.Commands.Select(c => "/" + c.Name))}")}.");
        surroundings.Out.WriteLine(TerminalText.Clean(command.ReadBody().Text));
    }

    private static void List(Surroundings surroundings, CommandSet found)
    {
        if (found.Commands.Count == 0)
            surroundings.Out.WriteLine("No commands. One is a Markdown file in .skein/commands or .claude/commands of the project or of your home.");
        else
        {
            var table = new Table(["command", "what for", "file"], elastic: 1);
            foreach (var command in found.Commands)
                table.Add(($"/{command.Name} {command.Hint}".TrimEnd(), Style.Accent), (command.Description, Style.Plain), (command.File, Style.Dim));
            table.WriteTo(surroundings.Out);
        }

        Definitions.Complain(surroundings, "commands", found.Untrusted, found.Problems);
    }

    private static string Json(CommandSet found) => new JsonObject
    {
        ["commands"] = new JsonArray([.. found.Commands.Select(c => new JsonObject
        {
            ["name"] = c.Name, ["description"] = c.Description, ["arguments"] = c.Hint, ["file"] = c.File, ["agent"] = c.Agent, ["model"] = c.Model,
        })]),
        ["problems"] = Definitions.Json(found.Problems),
        ["untrusted"] = new JsonArray([.. found.Untrusted.Select(f => JsonValue.Create(f))]),
    }.ToJsonString(SkeinJson.Relaxed.Options);
}
