using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Commands;
using Skein.Agent.Mcp;
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
        var command = new Command("commands", "List the slash commands of this folder: the project's, once it is trusted, yours, and the prompts of MCP servers. Exit code 1 where one breaks a rule.") { name, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var found = await settings.Commands(surroundings).FindAsync(surroundings.Folder, cancellationToken);
            var prompts = await settings.McpPromptsAsync(surroundings, surroundings.Folder, cancellationToken);
            if (parsed.GetValue(name) is { } wanted)
                Print(surroundings, found, wanted.TrimStart('/'));
            else if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(found, prompts));
            else
                List(surroundings, found, prompts);
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

    private static void List(Surroundings surroundings, CommandSet found, IReadOnlyList<McpPrompt> prompts)
    {
        if (found.Commands.Count + prompts.Count == 0)
            surroundings.Out.WriteLine("No commands. One is a Markdown file in .skein/commands or .claude/commands of the project or of your home.");
        else
        {
            var table = new Table(["command", "what for", "file"], elastic: 1);
            foreach (var command in found.Commands)
                table.Add(($"/{command.Name} {command.Hint}".TrimEnd(), Style.Accent), (command.Description, Style.Plain), (command.File, Style.Dim));
            foreach (var prompt in prompts)
                table.Add(($"/{prompt.Name} {prompt.Hint}".TrimEnd(), Style.Accent), (prompt.Row.Description, Style.Plain), ($"MCP server {prompt.Server.Name}", Style.Dim));
            table.WriteTo(surroundings.Out);
        }

        Definitions.Complain(surroundings, "commands", found.Untrusted, found.Problems);
    }

    private static string Json(CommandSet found, IReadOnlyList<McpPrompt> prompts) => new JsonObject
    {
        ["commands"] = new JsonArray([.. found.Commands.Select(c => new JsonObject
        {
            ["name"] = c.Name, ["description"] = c.Description, ["arguments"] = c.Hint, ["file"] = c.File, ["agent"] = c.Agent, ["model"] = c.Model,
        })]),
        ["prompts"] = new JsonArray([.. prompts.Select(p => new JsonObject
        {
            ["name"] = p.Name, ["description"] = p.Row.Description, ["arguments"] = p.Hint, ["server"] = p.Server.Name,
        })]),
        ["problems"] = Definitions.Json(found.Problems),
        ["untrusted"] = new JsonArray([.. found.Untrusted.Select(f => JsonValue.Create(f))]),
    }.ToJsonString(SkeinJson.Relaxed.Options);
}
