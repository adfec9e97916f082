using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Cli.Screen;

/// <summary>What became of files, for people.</summary>
internal static class FileDiff
{
    public const string None = "No file was changed.";

    /// <param name="isShort">Only which files, and how many lines.</param>
    /// <param name="most">Lines of the patch that are shown; the answer tells how many are not.</param>
    public static int Show(SessionDiff diff, Terminal screen, bool isShort, int most = int.MaxValue)
    {
        var left = 0;
        if (isShort)
            ShowFiles(diff.Files, screen);
        else
            left = ShowPatch(diff.Patch ?? "", screen, most);
        if (diff.IsCut)
            screen.WriteLine("… the rest is too long to be shown", Style.Warning);
        return left;
    }

    public static void ShowFiles(IReadOnlyList<FileChange> files, Terminal screen)
    {
        foreach (var file in files)
        {
            var (mark, style) = file.Kind switch
            {
                FileChangeKind.Added => ("A", Style.Added),
                FileChangeKind.Deleted => ("D", Style.Removed),
                FileChangeKind.Retyped => ("T", Style.Accent),
                _ => ("M", Style.Accent),
            };
            var path = TerminalText.CleanLine(file.Path);
            screen.WriteLine(file is { Added: { } added, Deleted: { } deleted }
                ? [($"{mark} ", style), (path, Style.Plain), ($"  +{added}", Style.Added), ($" -{deleted}", Style.Removed)]
                : [($"{mark} ", style), (path, Style.Plain), ("  no text", Style.Dim)]);
        }

        screen.WriteLine(
            ($"{Spans.Plural(files.Count, "file")}", Style.Bold), ($"  +{files.Sum(f => (long?)f.Added ?? 0)}", Style.Added),
            ($" -{files.Sum(f => (long?)f.Deleted ?? 0)}", Style.Removed));
    }

    private static int ShowPatch(string patch, Terminal screen, int most)
    {
        var lines = patch.TrimEnd('\n').Split('\n');
        foreach (var line in lines.Take(most))
            screen.WriteLine(Line(line));
        return Math.Max(0, lines.Length - most);
    }

    // A return within a line would be taken for its end.
    private static (string, Style)[] Line(string line) =>
        [(line.TrimEnd('\r').Replace('\r', ' '), line.StartsWith("diff --git ", StringComparison.Ordinal) ? Style.Bold : CodeColors.OfDiff(line))];
}
