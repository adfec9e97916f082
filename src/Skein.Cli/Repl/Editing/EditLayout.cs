using System.Globalization;
using System.Text;
using Skein.Cli.Screen;

namespace Skein.Cli.Repl.Editing;

/// <summary>A text as rows of a terminal, none wider than it, and where the cursor stands among them.</summary>
/// <param name="Starts">Where in the text each row begins.</param>
internal sealed record EditLayout(IReadOnlyList<string> Rows, IReadOnlyList<int> Starts, int CursorRow, int CursorColumn)
{
    private const int Tab = 4;

    /// <param name="width">Columns of a row; at least 2, so that every character finds room.</param>
    public static EditLayout Of(EditBuffer buffer, int width)
    {
        width = Math.Max(2, width);
        var rows = new List<string>();
        var starts = new List<int> { 0 };
        var row = new StringBuilder();
        var (column, cursorRow, cursorColumn) = (0, 0, 0);
        var text = buffer.Text;
        for (var at = 0; ; )
        {
            var length = at < text.Length ? StringInfo.GetNextTextElementLength(text.AsSpan(at)) : 0;
            var isEnd = at >= text.Length || text[at] == '\n';
            var shown = isEnd ? "" : ShownAs(buffer, text.AsSpan(at, length));

            // The cursor needs a column of its own behind the last character of a row.
            var needed = isEnd ? (at == buffer.Cursor ? 1 : 0) : TextWidth.Of(shown);
            if (column > 0 && column + needed > width)
                Break(at);
            if (at == buffer.Cursor)
                (cursorRow, cursorColumn) = (rows.Count, column);
            if (at >= text.Length)
                break;

            if (isEnd)
                Break(at + length);
            else
                Append(shown, at);
            at += length;
        }

        rows.Add(row.ToString());
        return new EditLayout(rows, starts, cursorRow, cursorColumn);

        void Break(int next)
        {
            rows.Add(row.ToString());
            starts.Add(next);
            row.Clear();
            column = 0;
        }

        // A label may be wider than the terminal is.
        void Append(string shown, int at)
        {
            foreach (var element in Elements(shown))
            {
                var wide = TextWidth.Of(element);
                if (column > 0 && column + wide > width)
                    Break(at);
                row.Append(element);
                column += wide;
            }
        }
    }

    /// <summary>Where the cursor comes to a row above or below, at the same column; null: there is none.</summary>
    public int? Above(EditBuffer buffer, int width, int step)
    {
        var target = CursorRow + step;
        if (target < 0 || target >= Rows.Count)
            return null;

        var end = target + 1 < Starts.Count ? Starts[target + 1] : buffer.Text.Length;
        var at = Starts[target];
        var column = 0;
        while (at < end && buffer.Text[at] != '\n')
        {
            var length = StringInfo.GetNextTextElementLength(buffer.Text.AsSpan(at));
            column += TextWidth.Of(ShownAs(buffer, buffer.Text.AsSpan(at, length)));
            // The position behind a wrapped row's last character is shown as the next row's first.
            if (column > CursorColumn || (at + length == end && target + 1 < Starts.Count && buffer.Text[end - 1] != '\n'))
                break;
            at += length;
        }

        return at;
    }

    private static string ShownAs(EditBuffer buffer, ReadOnlySpan<char> element)
    {
        if (element[0] == '\t')
            return new string(' ', Tab);
        Rune.DecodeFromUtf16(element, out var rune, out _);
        return buffer.LabelOf(rune) ?? element.ToString();
    }

    private static IEnumerable<string> Elements(string text)
    {
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
            yield return elements.GetTextElement();
    }
}
