using System.Text;
using Skein.Core;

namespace Skein.Agent.Fetching;

/// <summary>
/// Writes Markdown piece by piece. Blanks and new lines of a text are one blank; what opens (a link, an emphasis, an item of a list) is
/// written only once something stands in it. Not safe for use by several threads.
/// </summary>
internal sealed class MarkdownWriter
{
    // Deeper quotations and lists look as this deep: every line would begin with all of them.
    private const int MostPrefixes = 16;

    private readonly StringBuilder _text = new();
    private readonly List<Prefix> _prefixes = [];
    private readonly List<string> _opened = [];
    private int _ignoredPrefixes;
    private int _breaks;
    private bool _blank;

    /// <summary>All stays in one line, as in a cell of a table.</summary>
    public bool InCell { get; set; }

    /// <summary>What follows stands apart.</summary>
    public void Block() => Break(2);

    /// <summary>What follows begins a line.</summary>
    public void Line() => Break(1);

    public void Text(string text)
    {
        var from = 0;
        while (from < text.Length)
        {
            if (IsBlank(text[from]))
            {
                _blank = true;
                from++;
                continue;
            }

            var end = from;
            while (end < text.Length && !IsBlank(text[end]))
                end++;
            Mark(InCell ? text[from..end].Replace("|", "\\|", StringComparison.Ordinal) : text[from..end]);
            from = end;
        }
    }

    /// <summary>Text that stands as it is, within a line.</summary>
    public void Mark(string mark)
    {
        Begin();
        _opened.ForEach(opened => _text.Append(opened));
        _opened.Clear();
        _text.Append(mark);
    }

    public void Open(string mark) => _opened.Add(mark);

    /// <param name="opened">What opened it: where nothing followed, it is taken back.</param>
    public void Close(string opened, string mark)
    {
        if (_opened.Count > 0 && _opened[^1] == opened)
            _opened.RemoveAt(_opened.Count - 1);
        else
            _text.Append(mark);
    }

    /// <summary>Lines as they are, in a fence that none of them can close.</summary>
    public void Code(string code, string language)
    {
        var fence = CodeFence.Around(code);
        Block();
        foreach (var line in new[] { fence + language }.Concat(code.ReplaceLineEndings("\n").Trim('\n').Split('\n')).Append(fence))
        {
            Line();
            Mark(line);
        }

        Block();
    }

    /// <summary>What follows is within a quotation or an item, until <see cref="Outdent"/>.</summary>
    public void Indent(string first, string rest)
    {
        if (_prefixes.Count < MostPrefixes)
            _prefixes.Add(new Prefix(first, rest));
        else
            _ignoredPrefixes++;
    }

    public void Outdent()
    {
        if (_ignoredPrefixes > 0)
            _ignoredPrefixes--;
        else
            _prefixes.RemoveAt(_prefixes.Count - 1);
    }

    public override string ToString() => _text.ToString();

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f' or '\u00a0';

    private void Break(int lines)
    {
        if (InCell)
            _blank = true;
        else
            _breaks = Math.Max(_breaks, lines);
    }

    private void Begin()
    {
        if (_text.Length == 0)
        {
            BeginLine();
        }
        else if (_breaks > 0)
        {
            _text.Append('\n');
            if (_breaks > 1)
            {
                _prefixes.Where(static p => p.Used).ToList().ForEach(p => _text.Append(p.Rest));
                while (_text[^1] == ' ')
                    _text.Length--;
                _text.Append('\n');
            }

            BeginLine();
        }
        else if (_blank)
        {
            _text.Append(' ');
        }

        _breaks = 0;
        _blank = false;
    }

    private void BeginLine()
    {
        foreach (var prefix in _prefixes)
        {
            _text.Append(prefix.Used ? prefix.Rest : prefix.First);
            prefix.Used = true;
        }
    }

    private sealed class Prefix(string first, string rest)
    {
        public string First => first;
        public string Rest => rest;
        public bool Used { get; set; }
    }
}
