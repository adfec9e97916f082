using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Skein.Agent.Permissions.Shell;

/// <summary>Reads the words of a script: quotes, expansions, and the scripts that are substituted into words.</summary>
/// <param name="line">Is told what is substituted, and where this cannot tell.</param>
/// <param name="depth">How many other scripts the text is in.</param>
internal sealed partial class ShellWordReader(string text, ShellLine line, int depth)
{
    private const int DeepestExpansion = 32;

    private readonly StringBuilder _text = new();
    private int _expansions;

    /// <summary>Where it stands.</summary>
    public int At
    {
        get;
        set => field = Math.Min(value, text.Length);
    }

    private char Current => At < text.Length ? text[At] : '\0';

    private char Next => At + 1 < text.Length ? text[At + 1] : '\0';

    /// <summary>What a shell would substitute into a text that is no command, such as a here-document.</summary>
    public static void ReadSubstitutions(string text, ShellLine line, int depth)
    {
        var reader = new ShellWordReader(text, line, depth);
        while (reader.At < text.Length)
            reader.StepInDoubleQuotes();
    }

    /// <summary>The word that begins here; at least a character of it.</summary>
    public ShellWord Read()
    {
        _text.Clear();
        var start = At;
        var hasBraces = false;
        while (At < text.Length && (!IsEnd(Current) || At == start || IsProcessSubstitution))
        {
            hasBraces |= Current == '{';
            Step();
        }

        var raw = text[start..At];

        var read = _text.ToString();

        // Quoted, it is run where a shell computes an index: `test -v 'a[$(rm x)]'`.
        if (read.IndexOf('[', StringComparison.Ordinal) is var index and >= 0 && (read.LastIndexOf("$(", StringComparison.Ordinal) > index || read.LastIndexOf('`') > index))
            line.Doubt();

        // A program of that name, not a choice of characters.
        if (raw == "[")
            return ShellWord.Literal(raw);

        // `{a,b}` is several words, the program among them.
        return hasBraces && raw.Contains('}', StringComparison.Ordinal) && (raw.Contains(',', StringComparison.Ordinal) || raw.Contains("..", StringComparison.Ordinal)) ? ShellWord.Any with { Raw = raw } : new ShellWord(raw, read);
    }

    private static bool IsEnd(char c) => c is ' ' or '\t' or '\n' or ';' or '&' or '|' or '<' or '>' or '(' or ')';

    private bool IsProcessSubstitution => Current is '<' or '>' && Next == '(';

    private void Step()
    {
        switch (Current)
        {
            case '\'':
                TakeUntil('\'');
                break;
            case '"':
                At++;
                ReadDoubleQuotes();
                break;
            case '\\':
                TakeEscaped();
                break;
            case '`':
                ReadBackticks();
                break;
            case '$' when Next == '\'':
                // Not every shell knows it.
                line.Doubt();
                At++;
                ReadAnsiQuotes();
                break;
            case '$' when Next == '"':
                line.Doubt();
                At++;
                break;
            case '$':
                ReadDollar(quoted: false);
                break;
            case '<' or '>' when Next == '(':
                At += 2;
                ReadSubstitution();
                break;
            case '*' or '?' or '[':
                TakeUnknown(1);
                break;
            default:
                Take();
                break;
        }
    }

    private void Take()
    {
        if (char.IsControl(Current) && Current is not ('\t' or '\n'))
            line.Doubt();
        _text.Append(Current);
        At++;
    }

    private void TakeUnknown(int length)
    {
        _text.Append(ShellWord.Unknown);
        At += length;
    }

    private void TakeEscaped()
    {
        At++;
        if (At >= text.Length)
            line.Doubt();
        else if (Current == '\n')
            At++;
        else
            Take();
    }

    private void TakeUntil(char quote)
    {
        for (At++; At < text.Length && Current != quote;)
            Take();
        End();
    }

    private void End()
    {
        if (At >= text.Length)
            line.Doubt();
        At++;
    }

    private void ReadDoubleQuotes()
    {
        while (At < text.Length && Current != '"')
            StepInDoubleQuotes();
        End();
    }

    private void StepInDoubleQuotes()
    {
        switch (Current)
        {
            case '\\' when Next is '$' or '`' or '"' or '\\' or '\n':
                TakeEscaped();
                break;
            case '`':
                ReadBackticks();
                break;
            case '$':
                ReadDollar(quoted: true);
                break;
            default:
                Take();
                break;
        }
    }

    private void ReadBackticks()
    {
        var script = new StringBuilder();
        for (At++; At < text.Length && Current != '`'; At++)
        {
            if (Current == '\\' && Next is '`' or '\\' or '$')
                At++;
            script.Append(Current);
        }

        End();
        _text.Append(ShellWord.Unknown);
        line.Add(script.ToString(), depth + 1);
    }

    private void ReadDollar(bool quoted)
    {
        if (Arithmetic().Match(text, At) is { Success: true } computed)
        {
            // Two words are no sum: some shells would take it for a command.
            if (TwoWords().IsMatch(computed.Value))
                line.Doubt();
            foreach (var name in Name().EnumerateMatches(computed.Value))
                line.Computes(computed.Value.Substring(name.Index, name.Length));
            TakeUnknown(computed.Length);
        }
        else if (Next == '(')
        {
            At += 2;
            if (Current == '(')
                line.Doubt();
            ReadSubstitution();
        }
        else if (Next == '{')
        {
            At += 2;
            ReadExpansion(quoted);
        }
        else if (Next == '[')
        {
            line.Doubt();
            TakeUnknown(1);
        }
        else if (Variable().Match(text, At) is { Success: true } variable)
        {
            TakeUnknown(variable.Length);
        }
        else
        {
            Take();
        }
    }

    private void ReadSubstitution()
    {
        _text.Append(ShellWord.Unknown);
        At = line.AddSubstituted(text, At, depth + 1);
    }

    // `${x}`, `${#x}`, `${x:-words}`; others compute or run what the variable says.
    private void ReadExpansion(bool quoted)
    {
        _text.Append(ShellWord.Unknown);
        if (_expansions == DeepestExpansion)
        {
            line.Doubt();
            At = text.Length;
            return;
        }

        _expansions++;
        var length = _text.Length;
        if (ExpansionHead().Match(text, At) is { Success: true } head)
            At += head.Length;
        else
            line.Doubt();

        while (At < text.Length && Current != '}')
        {
            if (Current == '\'' && quoted)
                line.Doubt();
            if (Current is '"')
                Step();
            else if (quoted || char.IsWhiteSpace(Current))
                StepInDoubleQuotes();
            else
                Step();
        }

        End();
        _text.Length = length;
        _expansions--;
    }

    private void ReadAnsiQuotes()
    {
        for (At++; At < text.Length && Current != '\'';)
        {
            if (Current != '\\')
            {
                Take();
                continue;
            }

            var match = AnsiEscape().Match(text, At);
            _text.Append(match.Success ? Decoded(match.Value[1..]) : ShellWord.Unknown.ToString());
            At += match.Success ? match.Length : 2;
        }

        End();
    }

    private static string Decoded(string escape) => escape[0] switch
    {
        'x' or 'u' or 'U' => Character(int.Parse(escape.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        >= '0' and <= '7' => Character(Convert.ToInt32(escape, 8)),
        'n' => "\n",
        't' => "\t",
        _ => escape,
    };

    private static string Character(int code) => Rune.IsValid(code) && code > 0 ? new Rune(code).ToString() : ShellWord.Unknown.ToString();

    [GeneratedRegex(@"\G\$\(\([A-Za-z0-9_+*/%<>=!&|^~?: \t-]*\)\)")]
    private static partial Regex Arithmetic();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\w[ \t]+\w")]
    private static partial Regex TwoWords();

    [GeneratedRegex(@"\G\$([A-Za-z_][A-Za-z0-9_]*|[@*#?$!0-9-])")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\G#?([A-Za-z_][A-Za-z0-9_]*(\[([@*]|[0-9]+)\])?|[@*#?$!0-9-])(?=\}|:?[-=+?]|##?|%%?|//?|\^\^?|,,?|:[0-9 -])")]
    private static partial Regex ExpansionHead();

    [GeneratedRegex(@"\G\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|[nt\\'""?])")]
    private static partial Regex AnsiEscape();
}
