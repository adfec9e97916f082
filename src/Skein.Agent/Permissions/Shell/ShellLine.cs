namespace Skein.Agent.Permissions.Shell;

/// <summary>
/// What a command line runs, found without running it: the simple commands of it, of what is substituted into it, and those that other
/// commands are told to run (<c>env</c>, <c>sh -c</c>, <c>xargs</c>, <c>find -exec</c> …). Where it cannot tell it says so.
/// </summary>
internal sealed class ShellLine
{
    private const int Deepest = 16;

    private readonly List<ShellPiece> _pieces = [];
    private readonly List<string> _scripts = [];
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private readonly HashSet<string> _run = new(StringComparer.Ordinal);

    private readonly HashSet<string> _computed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unsure = new(StringComparer.Ordinal);

    private ShellLine()
    {
    }

    /// <summary>All that would run, as far as can be told.</summary>
    public IReadOnlyList<ShellPiece> Pieces => _pieces;

    /// <summary>The line, and those in it that are given to a shell.</summary>
    public IReadOnlyList<string> Scripts => _scripts;

    /// <summary>The pieces are all that would run.</summary>
    public bool IsClear { get; private set; } = true;

    /// <summary>A file is written by a redirection: whoever allows the command does not allow that.</summary>
    public bool Writes => _written.Count > 0;

    public static ShellLine Parse(string command)
    {
        var line = new ShellLine();
        line.Add(command, 0);

        // `echo … > f; sh f`: what the file says is not known where it is run.
        line.IsClear &= !line._written.Overlaps(line._run);

        // `x=$(<f); echo $((x))`: to compute a variable is to compute what it says, and that may run commands.
        line.IsClear &= !line._computed.Overlaps(line._unsure);
        return line;
    }

    /// <summary>Something may run that is not seen.</summary>
    public void Doubt() => IsClear = false;

    public void WritesFile(ShellWord file) => _written.Add(NameOf(file));

    public void RunsFile(ShellWord file) => _run.Add(NameOf(file));

    /// <param name="variable">Its value stands in a sum.</param>
    public void Computes(string variable) => _computed.Add(variable);

    /// <param name="value">As it is written; null: it cannot be told.</param>
    public void Sets(string variable, string? value)
    {
        if (ShellVariables.IsHeededByAll(variable))
            Doubt();
        if (value is null || !ShellVariables.IsNumber(value))
            _unsure.Add(variable);
    }

    public void Add(ShellPiece piece) => _pieces.Add(piece);

    /// <summary>A text that a shell reads.</summary>
    /// <param name="depth">How many others it is in.</param>
    public void Add(string script, int depth)
    {
        if (depth > Deepest)
        {
            Doubt();
            return;
        }

        Read(new ShellReader(script, this, depth));
    }

    /// <summary>A script within another text, up to the parenthesis that closes it.</summary>
    /// <returns>Where it goes on behind that.</returns>
    public int AddSubstituted(string text, int start, int depth)
    {
        if (depth > Deepest)
        {
            Doubt();
            return text.Length;
        }

        return Read(new ShellReader(text, this, depth, start, isEnclosed: true));
    }

    // Folders may be changed to in between.
    private static string NameOf(ShellWord file) => file.Text[(file.Text.LastIndexOf('/') + 1)..];

    private int Read(ShellReader reader)
    {
        var commands = reader.Read();
        _scripts.Add(reader.Script.Trim());
        foreach (var command in commands)
            new CommandRunners(this, reader.Depth).Add(command);
        return reader.At;
    }
}

/// <summary>One command that would run.</summary>
/// <param name="Words">As they are written: what a rule that allows is about.</param>
/// <param name="Forms">Every way to read it: what rules that forbid are about. They may contain <see cref="ShellWord.Unknown"/>.</param>
/// <param name="IsCarrier">It does nothing but to run others, which are pieces too: allowed with them.</param>
internal sealed record ShellPiece(string Words, IReadOnlyList<string> Forms, bool IsCarrier)
{
    public static ShellPiece Of(IReadOnlyList<ShellWord> words, string? source, bool isCarrier)
    {
        var written = string.Join(' ', words.Select(static w => w.Raw));
        var text = string.Join(' ', words.Select(static w => w.Text));
        string?[] forms = [source, written, text, WithoutFolder(written), WithoutFolder(text)];
        return new ShellPiece(written, [.. forms.OfType<string>().Distinct()], isCarrier);
    }

    /// <summary>`/bin/rm` is `rm` for whoever forbids that, but not for whoever allows it: it could be any program of that name.</summary>
    private static string WithoutFolder(string piece)
    {
        var end = piece.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? piece : piece[..end];
        return piece[(word.LastIndexOf('/') + 1)..];
    }
}
