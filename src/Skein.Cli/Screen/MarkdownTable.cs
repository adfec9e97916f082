namespace Skein.Cli.Screen;

/// <summary>A table in Markdown: its rows are held until it ends, since only then are the widths of its columns known. For one thread.</summary>
/// <param name="head">The first line, which begins with a bar. Only a second one of dashes makes it a table.</param>
internal sealed class MarkdownTable(string head)
{
    // What is longer is data, and nobody wants to wait for its end.
    private const int MostRows = 1000;
    private const int LeastColumn = 5;
    private const string Bar = " │ ";

    private readonly List<string> _lines = [head];
    private Align[] _columns = [];

    private enum Align
    {
        Left,
        Middle,
        Right,
    }

    public static bool MayBegin(string line) => line.AsSpan().TrimStart() is ['|', _, ..];

    /// <returns>False: the table has ended before this line.</returns>
    public bool TryAdd(string line)
    {
        if (_lines.Count == 1)
        {
            _columns = ColumnsOf(line);
            if (_columns.Length == 0 || _columns.Length != CellsOf(head).Length)
                return false;
        }
        else if (!MayBegin(line) || _lines.Count > MostRows)
        {
            return false;
        }

        _lines.Add(line);
        return true;
    }

    /// <param name="width">The columns of the terminal.</param>
    /// <returns>Null: it was none, or there is no room for it as one; its lines are shown as they are.</returns>
    public IEnumerable<(string Text, Style Style)[]>? Layout(int width)
    {
        if (_lines.Count < 2)
            return null;

        var rows = new List<(string, Style)[][]> { CellsOf(head).Select(c => Markdown.Inline(c, Style.Bold)).ToArray() };
        foreach (var line in _lines.Skip(2))
        {
            var cells = CellsOf(line);
            rows.Add([.. _columns.Select((_, i) => i < cells.Length ? Markdown.Inline(cells[i], Style.Plain) : [])]);
        }

        int[] widths = [.. _columns.Select((_, i) => rows.Max(row => TextWidth.Of(string.Concat(row[i].Select(p => p.Item1)))))];
        var room = width - (Bar.Length * (widths.Length - 1));
        var most = room;
        while (widths.Sum(w => Math.Min(w, most)) > room && most >= LeastColumn)
            most--;
        return most < LeastColumn ? null : Write(rows, [.. widths.Select(w => Math.Min(w, most))]);
    }

    /// <summary>The lines as they came.</summary>
    public IReadOnlyList<string> Lines => _lines;

    private IEnumerable<(string Text, Style Style)[]> Write(List<(string, Style)[][]> rows, int[] widths)
    {
        foreach (var (number, row) in rows.Index())
        {
            var cells = row.Select((cell, i) => WordWrap.Of(cell, widths[i], cuts: true)).ToArray();
            for (var line = 0; line < cells.Max(c => c.Count); line++)
            {
                var pieces = new List<(string, Style)>();
                foreach (var (i, cell) in cells.Index())
                {
                    if (i > 0)
                        pieces.Add((Bar, Style.Dim));
                    var (said, free) = line < cell.Count ? (cell[line].Pieces, widths[i] - cell[line].Width) : ([], widths[i]);
                    var before = _columns[i] switch { Align.Right => free, Align.Middle => free / 2, _ => 0 };
                    pieces.Add((new string(' ', before), Style.Plain));
                    pieces.AddRange(said);
                    // Nothing blank at the end of a line: whoever copies it would have it.
                    if (i < cells.Length - 1)
                        pieces.Add((new string(' ', free - before), Style.Plain));
                }

                yield return [.. pieces];
            }

            if (number == 0)
                yield return [(string.Join("─┼─", widths.Select(w => new string('─', w))), Style.Dim)];
        }
    }

    private static Align[] ColumnsOf(string line)
    {
        if (!MayBegin(line))
            return [];
        var cells = CellsOf(line);
        return cells.All(c => c.Trim(':') is { Length: > 0 } dashes && dashes.All(d => d == '-'))
            ? [.. cells.Select(c => (c[0], c[^1]) switch { (':', ':') => Align.Middle, (_, ':') => Align.Right, _ => Align.Left })]
            : [];
    }

    private static string[] CellsOf(string line)
    {
        var text = line.Replace('\t', ' ').Trim().TrimStart('|');
        var cells = new List<string>();
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '|' || (at > 0 && text[at - 1] == '\\'))
                continue;
            cells.Add(text[start..at]);
            start = at + 1;
        }

        if (text[start..].Trim().Length > 0)
            cells.Add(text[start..]);
        return [.. cells.Select(c => c.Trim().Replace("\\|", "|", StringComparison.Ordinal))];
    }
}
