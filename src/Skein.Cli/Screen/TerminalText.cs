using System.Buffers;
using System.Globalization;
using System.Text;

namespace Skein.Cli.Screen;

/// <summary>
/// Makes text that others wrote harmless on a terminal. Control sequences (ESC, CSI, OSC, DCS, APC, PM, SOS, in their 7-bit and their
/// 8-bit forms), all other controls but the new line and the tab, and the characters that turn the direction of writing are taken out. An
/// instance remembers where it is, so that a sequence cut in two by a stream is still one; it is for one thread.
/// </summary>
internal sealed class TerminalText
{
    // Overrides and isolates of direction make code read as what it is not.
    private const string Turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    private static readonly SearchValues<char> s_suspicious = SearchValues.Create(Suspicious());
    private static readonly SearchValues<char> s_inJson = SearchValues.Create(Turning + "\u007f" + string.Concat(Enumerable.Range(0x80, 0x20).Select(c => (char)c)));

    private State _state;
    private bool _afterReturn;

    private enum State
    {
        Ground,
        Escape,
        EscapeIntermediate,
        Csi,
        Text,
        TextEscape,
    }

    /// <summary>A whole text, made harmless.</summary>
    public static string Clean(string text) => text.AsSpan().ContainsAny(s_suspicious) ? new TerminalText().Next(text) : text;

    /// <summary>A whole text as one line: new lines and tabs become spaces.</summary>
    public static string CleanLine(string text) => Clean(text).ReplaceLineEndings(" ").Replace('\t', ' ').Trim();

    /// <summary>JSON that says the same without a character that a terminal would take for more than text: those can only stand in its strings.</summary>
    public static string EscapeJson(string json)
    {
        if (!json.AsSpan().ContainsAny(s_inJson))
            return json;

        var escaped = new StringBuilder(json.Length + 64);
        foreach (var c in json)
        {
            if (s_inJson.Contains(c))
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                escaped.Append(c);
        }

        return escaped.ToString();
    }

    /// <summary>The next piece of a text, made harmless.</summary>
    public string Next(string piece)
    {
        if (_state == State.Ground && !_afterReturn && !piece.AsSpan().ContainsAny(s_suspicious))
            return piece;

        var clean = new StringBuilder(piece.Length);
        foreach (var c in piece)
            Take(c, clean);
        return clean.ToString();
    }

    private void Take(char c, StringBuilder clean)
    {
        switch (_state)
        {
            case State.Ground:
                TakeGround(c, clean);
                break;
            case State.Escape:
                TakeEscape(c, clean);
                break;
            case State.EscapeIntermediate:
                if (c is >= '\x30' and <= '\x7e')
                    _state = State.Ground;
                else if (c is < '\x20' or > '\x2f')
                    Again(c, clean);
                break;
            case State.Csi:
                if (c is >= '\x40' and <= '\x7e')
                    _state = State.Ground;
                else if (c is < '\x20' or > '\x3f')
                    Again(c, clean);
                break;
            case State.Text:
                TakeText(c, clean);
                break;
            case State.TextEscape:
                _state = c == '\\' ? State.Ground : State.Escape;
                if (c != '\\')
                    TakeEscape(c, clean);
                break;
        }
    }

    private void TakeGround(char c, StringBuilder clean)
    {
        var afterReturn = _afterReturn;
        _afterReturn = c == '\r';
        switch (c)
        {
            case '\x1b':
                _state = State.Escape;
                break;
            case '\x9b':
                _state = State.Csi;
                break;
            case '\x90' or '\x98' or '\x9d' or '\x9e' or '\x9f':
                _state = State.Text;
                break;
            case '\n' when afterReturn:
                break;
            case '\n' or '\t':
                clean.Append(c);
                break;
            case '\r':
                // A lone return would let a later text overwrite an earlier one.
                clean.Append('\n');
                break;
            default:
                if (!s_suspicious.Contains(c))
                    clean.Append(c);
                break;
        }
    }

    private void TakeEscape(char c, StringBuilder clean)
    {
        switch (c)
        {
            case '[':
                _state = State.Csi;
                break;
            case ']' or 'P' or 'X' or '^' or '_':
                _state = State.Text;
                break;
            case >= '\x20' and <= '\x2f':
                _state = State.EscapeIntermediate;
                break;
            case >= '\x30' and <= '\x7e':
                _state = State.Ground;
                break;
            default:
                Again(c, clean);
                break;
        }
    }

    // A string that is never ended must not hide all that follows: it ends with its line.
    private void TakeText(char c, StringBuilder clean)
    {
        if (c == '\x1b')
            _state = State.TextEscape;
        else if (c is '\a' or '\x9c' or '\x18' or '\x1a')
            _state = State.Ground;
        else if (c is '\n' or '\r')
            Again(c, clean);
    }

    private void Again(char c, StringBuilder clean)
    {
        _state = State.Ground;
        TakeGround(c, clean);
    }

    private static string Suspicious()
    {
        var all = new StringBuilder();
        for (var c = '\0'; c <= '\x9f'; c++)
        {
            if (c is (< '\x20' and not '\n' and not '\t') or >= '\x7f')
                all.Append(c);
        }

        return all.Append(Turning).ToString();
    }
}
