namespace Skein.Agent.Permissions.Shell;

/// <summary>A word of a command line.</summary>
/// <param name="Raw">As it is written.</param>
/// <param name="Text">What the program is given; <see cref="Unknown"/> stands for what only turns out when it runs.</param>
internal sealed record ShellWord(string Raw, string Text)
{
    /// <summary>Any text, none and one with blanks included. No character, so that nobody means it when they write it.</summary>
    public const char Unknown = '\uffff';

    /// <summary>What comes from elsewhere, such as the names that <c>xargs</c> reads.</summary>
    public static ShellWord Any { get; } = new(Unknown.ToString(), Unknown.ToString());

    public bool IsKnown => !Text.Contains(Unknown, StringComparison.Ordinal);

    public static ShellWord Literal(string text) => new(text, text);

    /// <summary>With something in place of a mark that a program fills in (<c>{}</c>).</summary>
    public ShellWord Filled(string mark) => mark.Length > 0 && Text.Contains(mark, StringComparison.Ordinal)
        ? Literal(Text.Replace(mark, Any.Text, StringComparison.Ordinal))
        : this;
}

/// <summary>A simple command: a program and what it is given.</summary>
/// <param name="Assignments">Variables that are set for it, or, without words, in the shell.</param>
/// <param name="Source">As it is written, one blank between its words, with its redirections.</param>
/// <param name="Input">What it reads where that is written in the line; null: it is not.</param>
/// <param name="InputFile">The file that it reads as its input.</param>
internal sealed record SimpleCommand(
    IReadOnlyList<ShellWord> Assignments, IReadOnlyList<ShellWord> Words, string Source, HereText? Input = null, ShellWord? InputFile = null);

/// <summary>A text in a command line that a command of it reads.</summary>
internal sealed class HereText
{
    /// <summary>The shell puts nothing into it: it is read as it is written.</summary>
    public bool IsLiteral { get; init; }

    public string Text { get; set; } = "";
}
