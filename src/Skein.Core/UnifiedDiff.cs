using System.Globalization;
using System.Text;
using DiffPlex;
using DiffPlex.Model;

namespace Skein.Core;

/// <summary>What people read before they allow a change.</summary>
public static class UnifiedDiff
{
    private const int Context = 3;
    private const int MostInput = 1 << 20;
    private const int MostOutput = 64 * 1024;

    /// <param name="before">Null: the file is new.</param>
    /// <returns>The diff; a sentence where the texts are too large to compare while somebody waits.</returns>
    public static string Of(string subject, string? before, string after)
    {
        if ((before?.Length ?? 0) + after.Length > MostInput)
            return $"{subject}: {before?.Length ?? 0} characters become {after.Length}; too large to show the difference.";

        // Lines keep their '\r': a change of line endings is a change.
        var diff = new Differ().CreateCustomDiffs(before ?? "", after, ignoreWhiteSpace: false, SplitLines);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"--- {(before is null ? "/dev/null" : subject)}\n+++ {subject}\n");
        for (var first = 0; first < diff.DiffBlocks.Count && text.Length < MostOutput;)
        {
            var last = first;
            while (last + 1 < diff.DiffBlocks.Count && Gap(diff.DiffBlocks[last], diff.DiffBlocks[last + 1]) <= 2 * Context)
                last++;

            AppendHunk(text, diff, first, last);
            first = last + 1;
        }

        return TextCut.Head(text.ToString(), MostOutput, "\n… (the difference goes on)\n");
    }

    private static int Gap(DiffBlock one, DiffBlock next) => next.DeleteStartA - (one.DeleteStartA + one.DeleteCountA);

    private static void AppendHunk(StringBuilder text, DiffResult diff, int first, int last)
    {
        var (begin, end) = (diff.DiffBlocks[first], diff.DiffBlocks[last]);
        var from = Math.Max(0, begin.DeleteStartA - Context);
        var to = Math.Min(diff.PiecesOld.Length, end.DeleteStartA + end.DeleteCountA + Context);
        var fromNew = begin.InsertStartB - (begin.DeleteStartA - from);
        var toNew = end.InsertStartB + end.InsertCountB + (to - end.DeleteStartA - end.DeleteCountA);
        text.Append(CultureInfo.InvariantCulture, $"@@ -{Range(from, to - from)} +{Range(fromNew, toNew - fromNew)} @@\n");

        var at = from;
        for (var b = first; b <= last; b++)
        {
            var block = diff.DiffBlocks[b];
            AppendLines(text, ' ', diff.PiecesOld, at, block.DeleteStartA);
            AppendLines(text, '-', diff.PiecesOld, block.DeleteStartA, block.DeleteStartA + block.DeleteCountA);
            AppendLines(text, '+', diff.PiecesNew, block.InsertStartB, block.InsertStartB + block.InsertCountB);
            at = block.DeleteStartA + block.DeleteCountA;
        }

        AppendLines(text, ' ', diff.PiecesOld, at, to);
    }

    private static void AppendLines(StringBuilder text, char sign, string[] lines, int from, int to)
    {
        for (var i = from; i < to && text.Length < MostOutput; i++)
        {
            text.Append(sign).Append(lines[i]);
            if (!lines[i].EndsWith('\n'))
                text.Append("\n\\ No newline at end of file\n");
        }
    }

    // A range without lines is named by the line before it.
    private static string Range(int start, int count) =>
        count == 1 ? $"{start + 1}" : $"{(count == 0 ? start : start + 1)},{count}";

    private static string[] SplitLines(string text)
    {
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var newline = text.IndexOf('\n', at);
            var end = newline < 0 ? text.Length : newline + 1;
            lines.Add(text[at..end]);
            at = end;
        }

        return [.. lines];
    }
}
