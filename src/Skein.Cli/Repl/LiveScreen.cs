using System.Text;

namespace Skein.Cli.Repl;

/// <summary>One row of the part of the screen that is redrawn: painted, no wider than the terminal.</summary>
/// <param name="Painted">With control sequences; ends as plain.</param>
/// <param name="Width">Columns it takes.</param>
internal readonly record struct LiveRow(string Painted, int Width);

/// <summary>
/// The last rows of the terminal, redrawn in place, under all that was written for good and scrolls away. Writes no more than what changes,
/// each time in one piece. For one thread.
/// </summary>
internal sealed class LiveScreen(Action<string> write, Func<(int Width, int Height)> size)
{
    private readonly StringBuilder _above = new();
    private IReadOnlyList<LiveRow> _rows = [];
    private int _cursorRow;
    private int _cursorColumn;

    public int Width => size().Width;

    public int Height => size().Height;

    /// <summary>Whole lines for good, shown above the live rows with the next drawing.</summary>
    public void Print(string painted) => _above.Append(painted.ReplaceLineEndings("\r\n"));

    /// <summary>Shows these rows in place of those before.</summary>
    public void Draw(IReadOnlyList<LiveRow> rows, int cursorRow, int cursorColumn)
    {
        if (_above.Length == 0 && cursorRow == _cursorRow && cursorColumn == _cursorColumn && rows.SequenceEqual(_rows))
            return;

        var text = new StringBuilder("\e[?25l");
        var first = _above.Length > 0 ? 0 : Unchanged(rows);
        ToRow(text, first);
        text.Append("\e[J").Append(_above);
        _above.Clear();
        for (var i = first; i < rows.Count; i++)
        {
            text.Append(rows[i].Painted);
            if (i + 1 < rows.Count)
                text.Append("\r\n");
        }

        var last = Math.Max(first, rows.Count - 1);
        if (last > cursorRow)
            text.Append($"\e[{last - cursorRow}A");
        text.Append('\r');
        if (cursorColumn > 0)
            text.Append($"\e[{cursorColumn}C");
        write(text.Append("\e[?25h").ToString());
        (_rows, _cursorRow, _cursorColumn) = (rows, cursorRow, cursorColumn);
    }

    /// <summary>Takes the live rows away; what is written next stands where they were.</summary>
    public void Clear()
    {
        var text = new StringBuilder();
        ToRow(text, 0);
        write(text.Append("\e[J").Append(_above).ToString());
        _above.Clear();
        (_rows, _cursorRow, _cursorColumn) = ([], 0, 0);
    }

    /// <summary>
    /// The terminal has another width: it has wrapped the rows anew, so that they are to be found elsewhere. Takes them away.
    /// </summary>
    public void Resized()
    {
        var width = Math.Max(1, Width);
        var up = _cursorColumn / width;
        for (var i = 0; i < _cursorRow && i < _rows.Count; i++)
            up += Math.Max(1, (_rows[i].Width + width - 1) / width);
        (_rows, _cursorRow, _cursorColumn) = ([], Math.Min(up, Height - 1), 0);
        Clear();
    }

    /// <summary>Begins a screen anew.</summary>
    public void Wipe()
    {
        write("\e[H\e[2J");
        (_rows, _cursorRow, _cursorColumn) = ([], 0, 0);
    }

    private int Unchanged(IReadOnlyList<LiveRow> rows)
    {
        var same = 0;
        while (same < rows.Count && same < _rows.Count && rows[same] == _rows[same])
            same++;

        // There must be a row to go to.
        return Math.Min(same, Math.Max(0, _rows.Count - 1));
    }

    private void ToRow(StringBuilder text, int row)
    {
        if (_cursorRow > row)
            text.Append($"\e[{_cursorRow - row}A");
        else if (row > _cursorRow)
            text.Append($"\e[{row - _cursorRow}B");
        text.Append('\r');
    }
}
