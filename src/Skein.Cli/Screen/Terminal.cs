namespace Skein.Cli.Screen;

internal enum Style
{
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Warning,
    Accent,
    Italic,
    Struck,
    Heading,
    Code,
    Keyword,
    Literal,
    Comment,
    Added,
    Removed,
}

/// <summary>
/// Where a command writes to. The only place that writes control sequences: whatever text it is given is made harmless first. Safe for
/// use by several threads.
/// </summary>
/// <param name="isTerminal">Whether a person sees it; else it is a pipe or a file, and gets neither colours nor status lines.</param>
internal sealed class Terminal(TextWriter writer, bool isTerminal, bool colors, int width, int height = 24)
{
    private const string EraseLine = "\r\e[K";
    private readonly Lock _lock = new();
    private bool _statusShown;
    private bool _atLineStart = true;

    public bool IsTerminal => isTerminal;

    /// <summary>Whether it wants colours.</summary>
    public bool HasColors => colors;

    /// <summary>Columns; 80 where that cannot be known.</summary>
    public int Width { get; set; } = width;

    /// <summary>A text made harmless and in its style, for those who draw themselves.</summary>
    public string Paint(string text, Style style) => Painted(TerminalText.Clean(text), style);

    /// <summary>Lines; 24 where that cannot be known.</summary>
    public int Height => height;

    /// <summary>Writes what another <see cref="Terminal"/> made of texts, as it is.</summary>
    public void WriteMade(string made)
    {
        lock (_lock)
        {
            EraseStatus_Locked();
            writer.Write(made);
            _atLineStart = made is [] or [.., '\n'];
            writer.Flush();
        }
    }

    /// <summary>Writes a text, which may have several lines.</summary>
    public void Write(string text, Style style = Style.Plain)
    {
        var clean = TerminalText.Clean(text);
        if (clean.Length == 0)
            return;

        lock (_lock)
        {
            EraseStatus_Locked();
            writer.Write(Painted(clean, style));
            _atLineStart = clean[^1] == '\n';
            writer.Flush();
        }
    }

    public void WriteLine(string text = "", Style style = Style.Plain)
    {
        var clean = TerminalText.Clean(text);
        lock (_lock)
        {
            EraseStatus_Locked();
            writer.Write(Painted(clean, style));
            writer.Write('\n');
            _atLineStart = true;
            writer.Flush();
        }
    }

    /// <summary>Pieces of one line, each in its own style.</summary>
    public void WriteLine(params ReadOnlySpan<(string Text, Style Style)> pieces)
    {
        lock (_lock)
        {
            EraseStatus_Locked();
            foreach (var (text, style) in pieces)
                writer.Write(Painted(TerminalText.Clean(text), style));
            writer.Write('\n');
            _atLineStart = true;
            writer.Flush();
        }
    }

    /// <summary>Whether a line was begun and not ended.</summary>
    public bool IsInLine
    {
        get
        {
            lock (_lock)
                return !_atLineStart;
        }
    }

    /// <summary>Ends the line that is being written, if there is one.</summary>
    public void EndLine()
    {
        lock (_lock)
        {
            if (_atLineStart)
                return;
            EraseStatus_Locked();
            writer.Write('\n');
            writer.Flush();
            _atLineStart = true;
        }
    }

    /// <summary>What a person typed ended the line.</summary>
    public void LineWasEnded()
    {
        lock (_lock)
            _atLineStart = true;
    }

    /// <summary>Shows what goes on in a line that the next output takes away; null takes it away at once. Nothing where no person sees it.</summary>
    public void Status(string? text)
    {
        lock (_lock)
        {
            if (!isTerminal || (!_atLineStart && text is not null))
                return;

            EraseStatus_Locked();
            if (text is not null)
            {
                writer.Write(Painted(TextWidth.Cut(TerminalText.CleanLine(text), Math.Max(1, Width - 1)), Style.Dim));
                _statusShown = true;
            }

            writer.Flush();
        }
    }

    /// <summary>Writes a line for programs: JSON, whose own rules escape controls; what turns the direction of writing is escaped here, too.</summary>
    public void WriteJsonLine(string json)
    {
        var harmless = TerminalText.EscapeJson(json);
        lock (_lock)
        {
            writer.Write(harmless);
            writer.Write('\n');
            writer.Flush();
        }
    }

    private void EraseStatus_Locked()
    {
        if (!_statusShown)
            return;
        writer.Write(EraseLine);
        _statusShown = false;
    }

    private string Painted(string text, Style style) => colors && style != Style.Plain ? $"\e[{Code(style)}m{text}\e[0m" : text;

    private static string Code(Style style) => style switch
    {
        Style.Dim or Style.Comment => "2",
        Style.Bold => "1",
        Style.Italic => "3",
        Style.Struck => "9",
        Style.Heading => "1;36",
        Style.Good or Style.Added or Style.Literal => "32",
        Style.Bad or Style.Removed => "31",
        Style.Warning => "33",
        Style.Keyword => "35",
        _ => "36",
    };
}
