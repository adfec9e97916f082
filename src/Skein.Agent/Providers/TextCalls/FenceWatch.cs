namespace Skein.Agent.Providers.TextCalls;

/// <summary>Where a text is, character by character: at the beginning of a line, in a fence of code.</summary>
internal sealed class FenceWatch
{
    private char _mark;
    private char _last;
    private int _length;
    private int _run;
    private bool _blankAfter = true;
    private bool _isFirst = true;

    /// <summary>Nothing but blanks came since the line began.</summary>
    public bool IsLineStart { get; private set; } = true;

    public bool IsInside => _length > 0;

    /// <summary>What comes next is as if a line began.</summary>
    public void BeginLine() => (IsLineStart, _run, _isFirst, _blankAfter) = (true, 0, true, true);

    public void Read(char c)
    {
        if (c == '\n')
        {
            EndLine();
            return;
        }

        if (_isFirst && c is '`' or '~' && (_run == 0 ? IsLineStart : c == _last))
        {
            _last = c;
            _run++;
        }
        else if (!char.IsWhiteSpace(c))
        {
            _isFirst = false;
            _blankAfter = false;
        }
        else if (_run > 0)
            _isFirst = false;

        if (!char.IsWhiteSpace(c))
            IsLineStart = false;
    }

    private void EndLine()
    {
        if (_run >= 3 && _length == 0)
            (_mark, _length) = (_last, _run);
        else if (_run >= _length && _length > 0 && _last == _mark && _blankAfter)
            _length = 0;
        BeginLine();
    }
}
