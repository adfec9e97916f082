using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class PermissionsCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command(
            "permissions", "List the rules that hold for an agent's tools in this folder, and where each is from. Of the settings' rules the last one that matches holds; 'always' answers questions, and lifts no refusal.")
        {
            json,
            Remove(surroundings),
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var rules = new FolderRules(surroundings);
            var found = await rules.InAsync(surroundings.Folder, cancellationToken);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(found));
            else if (found.Count == 0)
                surroundings.Out.WriteLine(RuleTable.None);
            else
                RuleTable.Show(found, surroundings.Out);
            return CommandLine.Good;
        });
        return command;
    }

    private static Command Remove(Surroundings surroundings)
    {
        var number = new Argument<int?>("N") { Description = "Its number in the list.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "All that was answered with always in this folder." };
        var command = new Command("remove", "Ask again about what was answered with always.") { number, all };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var rules = new FolderRules(surroundings);
            var found = await rules.InAsync(surroundings.Folder, cancellationToken);
            foreach (var rule in Chosen(found, parsed.GetValue(number), parsed.GetValue(all)))
            {
                if (await rules.ForgetAsync(surroundings.Folder, rule.Rule, cancellationToken))
                    surroundings.Error.WriteLine($"Asked about again: {rule.Rule.Tool} {rule.Rule.Pattern}", Style.Good);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static IReadOnlyList<FolderRule> Chosen(IReadOnlyList<FolderRule> rules, int? number, bool all)
    {
        if (number is null == !all)
            throw new UsageException("'permissions remove' needs the number of a rule, or --all.");
        if (all)
            return [.. rules.Where(r => r.From is null)];
        if (number < 1 || number > rules.Count)
            throw new UsageException($"There is no rule {number}: 'skein permissions' lists {(rules.Count == 0 ? "none" : $"1 to {rules.Count}")}.");
        return rules[number!.Value - 1] is { From: { } file } ? throw new UsageException($"Rule {number} stands in {file}: take it out there.") : [rules[number.Value - 1]];
    }

    private static string Json(IReadOnlyList<FolderRule> rules) =>
        new JsonObject
        {
            ["items"] = new JsonArray([.. rules.Select(r => new JsonObject
            {
                ["action"] = RuleTable.Word(r.Rule.Action),
                ["tool"] = r.Rule.Tool,
                ["pattern"] = r.Rule.Pattern,
                ["from"] = r.From ?? "always",
            })]),
        }.ToJsonString(SkeinJson.Relaxed.Options);
}
