namespace Skein.Cli.Screen;

/// <summary>A text that arrives in pieces, of which some come twice, and at last whole. For one thread.</summary>
internal class ArrivingText
{
    private readonly TerminalText _cleaner = new();
    private int _shown;

    public bool IsBegun => _shown > 0;

    public bool IsFinished { get; set; }

    /// <summary>What is new in a piece, harmless on a terminal; null where nothing is. Text that was missed in between comes with the whole.</summary>
    /// <param name="offset">Where the piece stands in the text, in characters.</param>
    public string? Next(int offset, string piece)
    {
        var known = _shown - offset;
        if (IsFinished || known < 0 || known >= piece.Length)
            return null;

        _shown = offset + piece.Length;
        return _cleaner.Next(piece[known..]);
    }
}
