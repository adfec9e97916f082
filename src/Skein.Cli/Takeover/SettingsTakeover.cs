using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Takeover;

/// <summary>The agents whose settings can be taken over.</summary>
internal enum ForeignAgent
{
    Claude,
    Codex,
    OpenCode,
}

/// <summary><c>skein init --from</c>: shows what would be taken over of another agent's settings, and writes it where that is agreed to.</summary>
internal sealed class SettingsTakeover(Surroundings surroundings, ForeignAgent from, bool isUser, bool isAgreed)
{
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var place = ForeignPlace.Of(surroundings, isUser);
        var found = new Findings();
        await (from switch
        {
            ForeignAgent.Claude => ClaudeSettings.ReadAsync(place, found, cancellationToken),
            ForeignAgent.Codex => CodexSettings.ReadAsync(place, found, cancellationToken),
            _ => OpenCodeSettings.ReadAsync(place, found, cancellationToken),
        });
        using var home = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
        var (settings, definitions) = isUser
            ? (home.UserFile, Path.GetDirectoryName(home.UserFile)!)
            : (Path.Combine(surroundings.Folder, "skein.json"), Path.Combine(surroundings.Folder, ".skein"));
        var plan = await TakeoverPlan.MakeAsync(found, settings, definitions, cancellationToken);

        Show(plan.Diff(place.Shown));
        Tell("Counts as it is", found.AsIs);
        Tell("Yours stays", plan.Kept);
        Tell("Not taken over", found.Left);
        if (plan.IsEmpty)
        {
            surroundings.Out.WriteLine($"There is nothing{(plan.Kept.Count + found.AsIs.Count + found.Left.Count > 0 ? " more" : "")} to take over.", Style.Dim);
            return CommandLine.Good;
        }

        if (!isAgreed && !Ask())
            return CommandLine.Good;
        foreach (var file in await plan.CarryOutAsync(cancellationToken))
            surroundings.Out.WriteLine($"Wrote {TerminalText.CleanLine(place.Shown(file))}.", Style.Good);
        if (!isUser)
            surroundings.Out.WriteLine("It counts once you trust this folder: skein trust", Style.Dim);
        return CommandLine.Good;
    }

    private void Show(string diff)
    {
        var colors = new CodeColors("diff");
        foreach (var line in diff.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            surroundings.Out.WriteLine(colors.Line(TerminalText.Clean(line)));
    }

    private void Tell(string heading, List<string> lines)
    {
        if (lines.Count == 0)
            return;
        surroundings.Out.WriteLine($"{heading}:", Style.Bold);
        foreach (var line in lines)
            surroundings.Out.WriteLine($"  {TerminalText.CleanLine(line)}");
    }

    private bool Ask()
    {
        if (!surroundings.CanAsk)
        {
            surroundings.Error.WriteLine("Nothing was written: --yes does, or an answer at a terminal.", Style.Warning);
            return false;
        }

        surroundings.Out.Write("Write this? [y/N] ");
        var answer = surroundings.Input.ReadLine();
        surroundings.Out.LineWasEnded();
        return answer?.Trim() .ToLowerInvariant() is "y" or "yes";
    }
}
