using System.Globalization;
using System.Text;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Finds the lines of a text that are most like others, and shows them with their numbers.</summary>
internal static class LikeLines
{
    private const int MostShown = 12;
    private const int MostCharacters = 200;
    private const double LikeEnough = 0.5;

    /// <returns>Where the wanted lines would begin, from 0; -1: nothing is like them.</returns>
    public static int Find(IReadOnlyList<string> lines, IReadOnlyList<string> wanted)
    {
        // The longest line tells most.
        var anchor = Enumerable.Range(0, wanted.Count).MaxBy(i => wanted[i].Trim().Length);
        var pairs = Pairs(wanted[anchor]);
        if (pairs.Count == 0)
            return -1;

        var (best, likeness) = (-1, LikeEnough);
        for (var i = 0; i < lines.Count; i++)
        {
            var length = lines[i].Length;
            if (length > 2 * wanted[anchor].Length + 20 || 2 * length + 20 < wanted[anchor].Trim().Length)
                continue;

            var own = Pairs(lines[i]);
            var shared = own.Count(pairs.Contains);
            if (2.0 * shared / (own.Count + pairs.Count) > likeness)
                (best, likeness) = (i, 2.0 * shared / (own.Count + pairs.Count));
        }

        return best < 0 ? -1 : Math.Max(0, best - anchor);
    }

    /// <summary>Lines as the tool <c>read</c> shows them.</summary>
    public static string Show(IReadOnlyList<string> lines, int first, int count)
    {
        var text = new StringBuilder();
        for (var i = first; i < Math.Min(lines.Count, first + Math.Min(count, MostShown)); i++)
            text.Append(CultureInfo.InvariantCulture, $"\n{i + 1,6}\t{TextCut.Head(lines[i].TrimEnd('\r'), MostCharacters)}");
        return text.ToString();
    }

    // White space is what models get wrong most, so it does not count.
    private static HashSet<(char, char)> Pairs(string line)
    {
        var pairs = new HashSet<(char, char)>();
        var before = '\0';
        foreach (var c in line)
        {
            if (char.IsWhiteSpace(c))
                continue;
            if (before != '\0')
                pairs.Add((before, c));
            before = c;
        }

        return pairs;
    }
}
