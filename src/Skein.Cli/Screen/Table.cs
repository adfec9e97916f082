namespace Skein.Cli.Screen;

/// <summary>Rows in columns, made to fit: the columns that may shrink give way, one after the other, until the table is as wide as the terminal.</summary>
/// <param name="headings">An empty table shows them alone.</param>
/// <param name="elastic">The columns that are cut when there is not room for all, first the first.</param>
internal sealed class Table(string[] headings, params int[] elastic)
{
    private const int Gap = 2;
    private const int LeastElastic = 12;
    private readonly List<(string Text, Style Style)[]> _rows = [];

    public void Add(params (string Text, Style Style)[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
            cells[i].Text = TerminalText.CleanLine(cells[i].Text);
        _rows.Add(cells);
    }

    public void WriteTo(Terminal terminal)
    {
        var widths = Widths(terminal);
        terminal.WriteLine(Line(headings.Select(h => (h, Style.Dim)), widths));
        foreach (var row in _rows)
            terminal.WriteLine(Line(row, widths));
    }

    private int[] Widths(Terminal terminal)
    {
        var widths = new int[headings.Length];
        for (var i = 0; i < widths.Length; i++)
        {
            widths[i] = TextWidth.Of(headings[i]);
            foreach (var row in _rows)
                widths[i] = Math.Max(widths[i], TextWidth.Of(row[i].Text));
        }

        // Programs that cut a table up want whole texts: only people's screens have an edge.
        if (terminal.IsTerminal)
        {
            var excess = widths.Sum() + (Gap * (widths.Length - 1)) - terminal.Width;
            foreach (var column in elastic)
            {
                var given = Math.Clamp(widths[column] - LeastElastic, 0, Math.Max(0, excess));
                widths[column] -= given;
                excess -= given;
            }
        }

        return widths;
    }

    private static (string, Style)[] Line(IEnumerable<(string Text, Style Style)> cells, int[] widths) =>
        [.. cells.Select((cell, i) => i == widths.Length - 1
            ? (TextWidth.Cut(cell.Text, widths[i]), cell.Style)
            : (TextWidth.Fit(cell.Text, widths[i]) + new string(' ', Gap), cell.Style))];
}
