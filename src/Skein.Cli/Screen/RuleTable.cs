using Skein.Agent.Permissions;
using Skein.Cli.Composition;

namespace Skein.Cli.Screen;

/// <summary>Rules of permissions, numbered.</summary>
internal static class RuleTable
{
    public const string None = "No rules: what the mode does not allow is asked about.";

    public static void Show(IReadOnlyList<FolderRule> rules, Terminal terminal)
    {
        var table = new Table(["#", "action", "tool", "what", "from"], elastic: 3);
        foreach (var (i, (rule, from)) in rules.Index())
        {
            table.Add(
                ($"{i + 1}", Style.Dim),
                (Word(rule.Action), rule.Action switch { RuleAction.Allow => Style.Good, RuleAction.Deny => Style.Bad, _ => Style.Warning }),
                (rule.Tool, Style.Accent), (rule.Pattern, Style.Plain), (from ?? "always", Style.Dim));
        }

        table.WriteTo(terminal);
    }

    public static string Word(RuleAction action) => action.ToString().ToLowerInvariant();
}
