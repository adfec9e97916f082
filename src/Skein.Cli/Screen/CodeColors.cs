namespace Skein.Cli.Screen;

/// <summary>
/// A little colour for code of any language: comments, strings, numbers and the words that most languages keep for themselves; a diff as
/// a diff. It remembers a comment that goes on. For one thread.
/// </summary>
/// <param name="language">As a block of code in Markdown names it.</param>
internal sealed class CodeColors(string language)
{
    private const int LongestLine = 4096;

    private static readonly HashSet<string> s_words = new(StringComparer.Ordinal)
    {
        "abstract", "and", "as", "async", "await", "base", "bool", "break", "case", "catch", "chan", "char", "class", "const", "continue", "def",
        "default", "defer", "del", "delete", "do", "done", "double", "elif", "else", "end", "enum", "esac", "except", "export", "extends", "extern",
        "false", "False", "fi", "final", "finally", "float", "fn", "for", "foreach", "from", "func", "function", "go", "if", "impl", "implements",
        "import", "in", "int", "interface", "internal", "is", "lambda", "let", "local", "long", "loop", "match", "mod", "mut", "namespace", "new", "nil",
        "None", "not", "null", "or", "out", "override", "package", "pass", "private", "protected", "pub", "public", "raise", "readonly", "record",
        "ref", "return", "sealed", "select", "self", "Self", "static", "string", "struct", "super", "switch", "then", "this", "throw", "trait", "true",
        "True", "try", "type", "typeof", "undefined", "unsafe", "use", "using", "var", "virtual", "void", "where", "while", "with", "yield",
        "SELECT", "FROM", "WHERE", "INSERT", "INTO", "UPDATE", "DELETE", "CREATE", "TABLE", "JOIN", "ON", "GROUP", "BY", "ORDER", "LIMIT", "VALUES", "SET",
    };

    private readonly string _language = language.Split(' ', '{')[0].ToLowerInvariant();
    private bool _inComment;

    private bool HasHash => _language is "py" or "python" or "sh" or "bash" or "zsh" or "fish" or "shell" or "console" or "yaml" or "yml" or "toml" or "rb" or "ruby"
        or "perl" or "r" or "make" or "makefile" or "dockerfile" or "ini" or "conf" or "elixir";

    private bool HasDashes => _language is "sql" or "lua" or "haskell" or "hs" or "ada";

    public (string Text, Style Style)[] Line(string line)
    {
        if (_language is "diff" or "patch")
            return [(line, OfDiff(line))];
        if (_language is "" or "text" or "txt" or "plain" or "markdown" or "md" || line.Length > LongestLine)
            return [(line, Style.Code)];

        var pieces = new List<(string, Style)>();
        var plain = 0;
        for (var at = 0; at < line.Length;)
        {
            var (length, style) = Token(line, at);
            if (style is { } found)
            {
                if (at > plain)
                    pieces.Add((line[plain..at], Style.Plain));
                pieces.Add((line.Substring(at, length), found));
                plain = at + length;
            }

            at += length;
        }

        if (plain < line.Length)
            pieces.Add((line[plain..], Style.Plain));
        return [.. pieces];
    }

    /// <summary>What a line of a diff is.</summary>
    public static Style OfDiff(string line) => line switch
    {
        ['+', '+', '+', ' ', ..] or ['-', '-', '-', ' ', ..] => Style.Bold,
        ['+', ..] => Style.Added,
        ['-', ..] => Style.Removed,
        ['@', '@', ..] => Style.Accent,
        _ => Style.Plain,
    };

    /// <summary>Whether a text is a diff, so that its lines may be coloured as one.</summary>
    public static bool IsDiff(string text) =>
        text.StartsWith("@@ ", StringComparison.Ordinal) || text.StartsWith("--- ", StringComparison.Ordinal) || text.StartsWith("diff ", StringComparison.Ordinal)
        || text.Contains("\n@@ ", StringComparison.Ordinal);

    private (int Length, Style? Style) Token(string line, int at)
    {
        var rest = line.AsSpan(at);
        if (_inComment || rest.StartsWith("/*"))
        {
            var end = rest[(_inComment ? 0 : 2)..].IndexOf("*/");
            var from = _inComment ? 0 : 2;
            _inComment = end < 0;
            return (end < 0 ? rest.Length : from + end + 2, Style.Comment);
        }

        var c = line[at];
        if (IsComment(rest, at == 0 || char.IsWhiteSpace(line[at - 1])))
            return (rest.Length, Style.Comment);
        if (c is '"' or '\'' or '`')
            return String(rest, c);
        if (!char.IsLetterOrDigit(c) && c != '_')
            return (1, null);

        var word = rest;
        for (var i = 0; i < rest.Length; i++)
        {
            if (!char.IsLetterOrDigit(rest[i]) && rest[i] != '_')
            {
                word = rest[..i];
                break;
            }
        }

        return (word.Length, char.IsAsciiDigit(c) ? Style.Literal : s_words.Contains(word.ToString()) ? Style.Keyword : null);
    }

    private bool IsComment(ReadOnlySpan<char> rest, bool afterSpace) =>
        HasHash ? rest[0] == '#' && afterSpace
        : HasDashes ? rest.StartsWith("--")
        : rest.StartsWith("//") && (afterSpace || rest.Length < 3 || rest[2] == ' ');

    // An apostrophe that nothing closes is one: a lifetime, a word in a comment of a language that is not known.
    private static (int, Style?) String(ReadOnlySpan<char> rest, char quote)
    {
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\')
                i++;
            else if (rest[i] == quote)
                return (i + 1, Style.Literal);
        }

        return quote == '"' ? (rest.Length, Style.Literal) : (1, null);
    }
}
