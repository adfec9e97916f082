using System.Globalization;

namespace Skein.Cli.Screen;

/// <summary>Breaks a line between words, so that each piece of it fits a width. What is between the words stays, but at a break.</summary>
internal static class WordWrap
{
    /// <param name="pieces">The line, in its styles.</param>
    /// <param name="width">Columns.</param>
    /// <param name="cuts">
    /// A word that is wider is cut. Else it goes beyond the edge, where the terminal goes on with it: an address that is copied stays whole.
    /// </param>
    /// <returns>The lines, at least one, each with its width.</returns>
    public static List<(List<(string Text, Style Style)> Pieces, int Width)> Of(IEnumerable<(string Text, Style Style)> pieces, int width, bool cuts)
    {
        var lines = new List<(List<(string, Style)> Pieces, int Width)> { ([], 0) };
        var between = new List<(string Text, Style Style)>();
        foreach (var (text, style) in pieces)
        {
            foreach (var word in WordsOf(text, cuts ? width : int.MaxValue))
            {
                if (word[0] == ' ')
                {
                    between.Add((word, style));
                    continue;
                }

                var columns = TextWidth.Of(word);
                var blanks = between.Sum(b => b.Text.Length);
                // A word that no line has room for gains nothing by a break before it.
                if (lines[^1].Width > 0 && lines[^1].Width + blanks + columns > width && columns <= width)
                {
                    lines.Add(([], 0));
                    between.Clear();
                }

                var (line, taken) = lines[^1];
                line.AddRange(between);
                line.Add((word, style));
                taken += between.Sum(b => b.Text.Length) + columns;
                lines[^1] = (line, taken <= width ? taken : taken % width);
                between.Clear();
            }
        }

        return lines;
    }

    /// <summary>Words, and the blanks between them; a word that is wider than may be is cut where it must be.</summary>
    private static IEnumerable<string> WordsOf(string text, int widest)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            if (text[start] == ' ')
            {
                end += text.AsSpan(start).IndexOfAnyExcept(' ') is >= 0 and var blanks ? blanks : text.Length - start;
            }
            else
            {
                for (var columns = 0; end < text.Length && text[end] != ' ';)
                {
                    var length = StringInfo.GetNextTextElementLength(text.AsSpan(end));
                    columns += TextWidth.Of(text.AsSpan(end, length));
                    if (columns > widest && end > start)
                        break;
                    end += length;
                }
            }

            yield return text[start..end];
            start = end;
        }
    }
}
