using Skein.Agent;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Repl;

/// <summary>What can be called by a slash beside the REPL's own commands: files with commands, skills, prompts of servers. It is sent as it is typed.</summary>
internal static class NamedPrompts
{
    /// <summary>Those that count in a folder; one that has the name of the REPL's own is not among them.</summary>
    public static async Task<IReadOnlyList<SlashCommand>> FindAsync(Surroundings surroundings, string folder, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
        var commands = await settings.Commands(surroundings).FindAsync(folder, cancellationToken);
        var skills = await settings.Skills(surroundings).FindAsync(folder, cancellationToken);
        var prompts = await settings.McpPromptsAsync(surroundings, folder, cancellationToken);
        return
        [
            .. commands.Commands.Select(c => new SlashCommand($"/{c.Name}", TerminalText.CleanLine(c.Hint), TerminalText.CleanLine(c.Description)))
                .Concat(skills.Skills.Select(s => new SlashCommand($"/{s.Name}", "", TerminalText.CleanLine(s.Description))))
                .Concat(prompts.Select(p => new SlashCommand($"/{p.Name}", TerminalText.CleanLine(p.Hint), TerminalText.CleanLine(p.Row.Description))))
                .Where(n => SlashCommand.All.All(c => c.Name != n.Name))
                .DistinctBy(n => n.Name),
        ];
    }

    /// <summary>Who can work in a folder.</summary>
    public static async Task<IReadOnlyList<string>> FindAgentsAsync(Surroundings surroundings, string folder, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
        return [SkeinAgent.Name, .. (await settings.Agents(surroundings).FindAsync(folder, cancellationToken)).Agents.Select(a => a.Name)];
    }
}
