using System.Text;

namespace Skein.Cli.Screen;

/// <summary>
/// Markdown as it streams: each line, once it is whole, in pieces with a style. It remembers whether it stands in a block of code. For
/// one thread.
/// </summary>
internal sealed class Markdown
{
    // What is longer is no prose, and nobody wants to wait for its emphasis.
    private const int LongestLine = 8 * 1024;

    // Narrower columns of text nobody can read.
    private const int LeastWidth = 20;

    private string? _fence;
    private CodeColors? _code;
    private MarkdownTable? _table;

    /// <summary>Takes the next line.</summary>
    /// <param name="width">The columns of the terminal.</param>
    /// <returns>What can be shown by now: nothing while a table is not whole, and all of it once it is.</returns>
    public IEnumerable<(string Text, Style Style)[]> Next(string line, int width)
    {
        if (_table?.TryAdd(line) is true)
            return [];

        var before = End(width);
        if (_fence is null && line.Length <= LongestLine && MarkdownTable.MayBegin(line))
        {
            _table = new MarkdownTable(line);
            return before;
        }

        var inCode = _fence is not null || line.StartsWith("    ", StringComparison.Ordinal);
        if (Line(line) is not { } pieces)
            return before;
        return inCode || _fence is not null || line.Length > LongestLine ? [.. before, pieces] : [.. before, .. Wrapped(pieces, width)];
    }

    /// <summary>No line follows at once: what was held is shown.</summary>
    public IEnumerable<(string Text, Style Style)[]> End(int width)
    {
        var table = _table;
        _table = null;
        return table is null ? [] : table.Layout(width) ?? table.Lines.Select(l => Line(l)).OfType<(string, Style)[]>();
    }

    /// <returns>Null: the line is markup alone, and nothing is shown for it.</returns>
    public (string Text, Style Style)[]? Line(string line)
    {
        var start = line.TrimStart();
        if (_fence is not null)
            return InFence(line, start);
        if (FenceOf(start) is { } fence)
        {
            _fence = fence;
            var language = start[fence.Length..].Trim();
            _code = new CodeColors(language);
            return language.Length > 0 ? [("  " + language, Style.Dim)] : null;
        }

        if (line.Length > LongestLine)
            return [(line, Style.Plain)];
        var indent = line[..(line.Length - start.Length)];
        return Heading(start) ?? Rule(start) ?? Quote(start) ?? [(indent, Style.Plain), .. Item(start)];
    }

    /// <summary>What goes on below an item or in a quote stands below its text.</summary>
    private static IEnumerable<(string Text, Style Style)[]> Wrapped((string Text, Style Style)[] pieces, int width)
    {
        var lead = pieces.TakeWhile(p => p.Text.Length == 0 || (p.Text[^1] == ' ' && (p.Style is Style.Accent or Style.Dim || p.Text.AsSpan().Trim().IsEmpty))).ToArray();
        var before = TextWidth.Of(string.Concat(lead.Select(p => p.Text)));
        if (width - before < LeastWidth)
            return [pieces];

        (string, Style)[] below = [.. lead.Select(p => p.Style == Style.Dim ? p : (new string(' ', TextWidth.Of(p.Text)), Style.Plain))];
        return WordWrap.Of(pieces.Skip(lead.Length), width - before, cuts: false)
            .Select((line, i) => ((string, Style)[])[.. i == 0 ? lead : below, .. line.Pieces]);
    }

    private (string, Style)[]? InFence(string line, string start)
    {
        if (FenceOf(start) is { } end && end[0] == _fence![0] && end.Length >= _fence.Length && start.Length == end.Length)
        {
            (_fence, _code) = (null, null);
            return null;
        }

        return [("  ", Style.Plain), .. _code!.Line(line.Replace("\t", "    ", StringComparison.Ordinal))];
    }

    private static string? FenceOf(string start)
    {
        if (start.Length < 3 || start[0] is not ('`' or '~'))
            return null;
        var length = start.TakeWhile(c => c == start[0]).Count();
        return length >= 3 && !(start[0] == '`' && start[length..].Contains('`', StringComparison.Ordinal)) ? start[..length] : null;
    }

    private static (string, Style)[]? Heading(string start)
    {
        var level = start.TakeWhile(c => c == '#').Count();
        return level is >= 1 and <= 6 && start.Length > level && start[level] == ' ' ? [(start[level..].Trim().TrimEnd('#').TrimEnd(), Style.Heading)] : null;
    }

    private static (string, Style)[]? Rule(string start)
    {
        var marks = start.Replace(" ", "", StringComparison.Ordinal);
        return marks.Length >= 3 && marks[0] is '-' or '*' or '_' && marks.Length >= 3 && marks.All(c => c == marks[0]) ? [("────────", Style.Dim)] : null;
    }

    private static (string, Style)[]? Quote(string start) =>
        start.StartsWith('>') ? [("│ ", Style.Dim), .. Inline(start[1..].TrimStart(), Style.Italic)] : null;

    private static (string, Style)[] Item(string start)
    {
        if (start.Length >= 2 && start[0] is '-' or '*' or '+' && start.Length >= 2 && start[1] == ' ')
        {
            var rest = start[2..];
            return rest switch
            {
                ['[', ' ', ']', ' ', ..] => [("☐ ", Style.Accent), .. Inline(rest[4..], Style.Plain)],
                ['[', 'x' or 'X', ']', ' ', ..] => [("☑ ", Style.Accent), .. Inline(rest[4..], Style.Plain)],
                _ => [("• ", Style.Accent), .. Inline(rest, Style.Plain)],
            };
        }

        var digits = start.TakeWhile(char.IsAsciiDigit).Count();
        return digits is > 0 and < 5 && start.Length > digits + 1 && start[digits] is '.' or ')' && start.Length > digits + 1 && start[digits + 1] == ' '
            ? [(start[..(digits + 2)], Style.Accent), .. Inline(start[(digits + 2)..], Style.Plain)]
            : Inline(start, Style.Plain);
    }

    /// <summary>Marks that have no partner stay what they are.</summary>
    internal static (string Text, Style Style)[] Inline(string text, Style plain)
    {
        var pieces = new List<(string, Style)>();
        var run = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var (inner, style, length) = Marked(text, at);
            if (length == 0)
            {
                // Of an escaped mark only the mark is shown.
                if (text[at] == '\\' && at + 1 < text.Length && char.IsAsciiLetterOrDigit(text[at + 1]) is false && char.IsAscii(text[at + 1]) && text[at + 1] > ' ')
                    at++;
                run.Append(text[at++]);
                continue;
            }

            if (run.Length > 0)
                pieces.Add((run.ToString(), plain));
            run.Clear();
            pieces.Add((inner, style));
            at += length;
        }

        if (run.Length > 0)
            pieces.Add((run.ToString(), plain));
        return [.. pieces];
    }

    private static (string Inner, Style Style, int Length) Marked(string text, int at)
    {
        switch (text[at])
        {
            case '`':
                var ticks = text.AsSpan(at).IndexOfAnyExcept('`') is var n && n < 0 ? text.Length - at : n;
                var end = RunOf('`', ticks, text, at + ticks);
                return end > 0 ? (WithoutPadding(text[(at + ticks)..end]), Style.Code, end + ticks - at) : default;
            case '~' when text.AsSpan(at).StartsWith("~~"):
                return Emphasis(text, at, "~~", Style.Struck);
            case '*' or '_':
                var mark = text[at];
                var isDouble = at + 1 < text.Length && text[at + 1] == mark;
                return isDouble ? Emphasis(text, at, new string(mark, 2), Style.Bold) : Emphasis(text, at, mark.ToString(), Style.Italic);
            case '[':
                var close = text.IndexOf("](", at, StringComparison.Ordinal);
                var last = close > 0 ? text.IndexOf(')', close) : -1;
                return last > 0 && close > at + 1 ? ($"{text[(at + 1)..close]} <{text[(close + 2)..last]}>", Style.Accent, last + 1 - at) : default;
            default:
                return default;
        }
    }

    /// <summary>Where so many of a mark stand, no fewer and no more; -1: nowhere.</summary>
    private static int RunOf(char mark, int length, string text, int from)
    {
        while (text.IndexOf(mark, from) is >= 0 and var start)
        {
            from = text.AsSpan(start).IndexOfAnyExcept(mark) is >= 0 and var n ? start + n : text.Length;
            if (from - start == length)
                return start;
        }

        return -1;
    }

    // A blank on both sides lets code begin or end with a tick.
    private static string WithoutPadding(string code) => code is [' ', _, .., ' '] && code.AsSpan().Trim().Length > 0 ? code[1..^1] : code;

    private static (string, Style, int) Emphasis(string text, int at, string mark, Style style)
    {
        var from = at + mark.Length;
        if (from >= text.Length || char.IsWhiteSpace(text[from]) || (mark[0] == '_' && at > 0 && char.IsLetterOrDigit(text[at - 1])))
            return default;

        for (var end = text.IndexOf(mark, from, StringComparison.Ordinal); end >= 0; end = text.IndexOf(mark, end + 1, StringComparison.Ordinal))
        {
            var after = end + mark.Length;
            var closes = end > from && !char.IsWhiteSpace(text[end - 1]) && (after >= text.Length || text[after] != mark[0] || mark.Length == 2)
                && (mark[0] == '*' || after >= text.Length || !char.IsLetterOrDigit(text[after]));
            if (closes)
                return (text[from..end], style, after - at);
        }

        return default;
    }
}
