using System.Text.RegularExpressions;

namespace Skein.Agent.Permissions.Shell;

/// <summary>
/// Reads a script as bash does, for the simple commands in it: those of compound commands too, and through the words those of what is
/// substituted. It judges nothing but the syntax. One use.
/// </summary>
/// <param name="line">Is told what runs besides, and where this cannot tell.</param>
/// <param name="depth">How many other scripts this is in.</param>
/// <param name="start">Where it begins in the text.</param>
/// <param name="isEnclosed">A parenthesis closes it.</param>
internal sealed partial class ShellReader(string text, ShellLine line, int depth, int start = 0, bool isEnclosed = false)
{
    // After these another command begins.
    private static readonly HashSet<string> s_openings = new(StringComparer.Ordinal)
    {
        "!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done",
    };

    private readonly List<SimpleCommand> _done = [];
    private readonly Queue<PendingHere> _pending = [];
    private readonly ShellWordReader _words = new(text, line, depth) { At = start };
    private readonly CommandDraft _draft = new();
    private int _cases;
    private int _open;
    private bool _isClosed;

    public int Depth => depth;

    /// <summary>Where it stands; read, behind what closes it.</summary>
    public int At
    {
        get => _words.At;
        private set => _words.At = value;
    }

    /// <summary>What was read.</summary>
    public string Script => text[start..Math.Min(text.Length, _isClosed ? At - 1 : At)];

    public IReadOnlyList<SimpleCommand> Read()
    {
        while (At < text.Length && !_isClosed)
            Step();

        EndCommand();
        if (_pending.Count > 0 || _isClosed != isEnclosed)
            line.Doubt();
        return _done;
    }

    private char Current => At < text.Length ? text[At] : '\0';

    private char Next => At + 1 < text.Length ? text[At + 1] : '\0';

    private void Step()
    {
        switch (Current)
        {
            case ' ' or '\t':
            case '\\' when Next == '\n':
                At += Current == '\\' ? 2 : 1;
                break;
            case '#':
                At = text.IndexOf('\n', At) is var end and >= 0 ? end : text.Length;
                break;
            case '\n':
                EndCommand();
                At++;
                ReadHereTexts();
                break;
            case ';' when Next is ';' or '&':
                EndCommand();
                At += At + 2 < text.Length && text[At + 2] == '&' ? 3 : 2;
                ReadCasePattern();
                break;
            case '&' when Next == '>':
                At++;
                ReadRedirection();
                break;
            case ';' or '|' or '&':
                EndCommand();
                At++;
                break;
            case '(':
                OpenParenthesis();
                break;
            case ')':
                EndCommand();
                At++;
                _isClosed = --_open < 0;
                break;
            case '<' or '>' when Next != '(':
                ReadRedirection();
                break;
            default:
                ReadWord();
                break;
        }
    }

    // `(a; b)` runs what is in it, `f() { a; }` is a name for it; `((1 + 2))` computes, and runs what variables say.
    private void OpenParenthesis()
    {
        if (_draft.Words is [_] && EmptyParentheses().Match(text, At) is { Success: true } empty)
        {
            _draft.Clear();
            At += empty.Length;
            return;
        }

        if (Next == '(' || !_draft.IsEmpty)
            line.Doubt();
        EndCommand();
        At++;
        _open++;
    }

    private void ReadWord()
    {
        if (Descriptor().Match(text, At) is { Success: true } number)
        {
            // `{x}` sets a variable.
            if (number.Value[0] == '{')
                line.Doubt();
            At += number.Length;
            ReadRedirection();
            return;
        }

        var word = _words.Read();
        if (!_draft.IsEmpty)
        {
            _draft.Add(word);
            return;
        }

        if (Assignment().IsMatch(word.Raw))
        {
            ReadAssignment(word);
            return;
        }

        switch (word.Raw)
        {
            case "esac":
                _cases--;
                break;
            case "case":
                SkipBlanks();
                _words.Read();
                SkipBlanks();
                if (_words.Read().Raw != "in")
                    line.Doubt();
                _cases++;
                ReadCasePattern();
                break;
            case "for" or "select":
                ReadHeadOfLoop();
                break;
            case "function":
                SkipBlanks();
                _words.Read();
                if (EmptyParentheses().Match(text, At) is { Success: true } empty)
                    At += empty.Length;
                break;
            case "[[":
                ReadTest();
                break;
            case "time":
                if (PosixTime().Match(text, At) is { Success: true } option)
                    At += option.Length;
                break;
            case "coproc":
                // It may begin with a name.
                line.Doubt();
                break;
            default:
                if (!s_openings.Contains(word.Raw))
                    _draft.Add(word);
                break;
        }
    }

    private void ReadAssignment(ShellWord word)
    {
        _draft.Assignments.Add(word);
        if (Current != '(')
            return;

        // A list: its words are no commands, and what is substituted into them runs all the same.
        line.Doubt();
        for (At++; At < text.Length && Current != ')';)
        {
            if (char.IsWhiteSpace(Current) || Current is ';' or '&' or '|' or '<' or '>' or '(')
                At++;
            else
                _words.Read();
        }

        At++;
    }

    private void ReadHeadOfLoop()
    {
        SkipBlanks();
        if (Current == '(')
        {
            line.Doubt();
            return;
        }

        var name = _words.Read().Text;
        line.Sets(name, "");
        if (InKeyword().Match(text, At) is not { Success: true } match)
            return;

        At += match.Length;
        for (SkipBlanks(); At < text.Length && Current is not (';' or '\n' or '&' or '|' or '(' or ')' or '<' or '>'); SkipBlanks())
            line.Sets(name, _words.Read().Raw);
    }

    // What stands between is compared, not run, unless numbers are compared: they are computed.
    private void ReadTest()
    {
        while (At < text.Length)
        {
            if (char.IsWhiteSpace(Current) || (Current is '<' or '>' && Next != '(') || Current is '(' or ')' or '&' or '|' or ';')
            {
                At++;
                continue;
            }

            var word = _words.Read();
            if (word.Raw == "]]")
                return;
            if (word.Raw is "-eq" or "-ne" or "-lt" or "-le" or "-gt" or "-ge" or "-v" or "-R")
                line.Doubt();
        }

        line.Doubt();
    }

    private void ReadCasePattern()
    {
        if (_cases <= 0)
        {
            line.Doubt();
            return;
        }

        while (At < text.Length)
        {
            if (char.IsWhiteSpace(Current) || Current is '|' or '(')
            {
                At++;
            }
            else if (Current == '#')
            {
                At = text.IndexOf('\n', At) is var end and >= 0 ? end : text.Length;
            }
            else if (Current == ')')
            {
                At++;
                return;
            }
            else if (Current is ';' or '&' or '<' or '>')
            {
                line.Doubt();
                return;
            }
            else if (_words.Read().Raw == "esac")
            {
                _cases--;
                return;
            }
        }
    }

    private void ReadRedirection()
    {
        var begin = At;
        At++;
        while (Current is '<' or '>' or '&' or '|' && At - begin < 3 && !(Current is '<' or '>' && Next == '('))
            At++;
        var mark = text[begin..At];
        if (mark == "<<" && Current == '-')
            At++;
        var cutsTabs = mark == "<<" && text[At - 1] == '-';
        SkipBlanks();
        if (At >= text.Length || Current is '\n' or ';' or ')')
        {
            line.Doubt();
            return;
        }

        var target = _words.Read();
        _draft.Redirections.Add(text[begin..At]);
        switch (mark)
        {
            case "<<":
                var here = new HereText { IsLiteral = target.Raw.AsSpan().ContainsAny("'\"\\") };
                _draft.Input = here;
                _pending.Enqueue(new PendingHere(here, target.Text, cutsTabs));
                break;
            case "<<<":
                _draft.Input = new HereText { IsLiteral = target.IsKnown, Text = target.Text };
                break;
            case "<":
                _draft.InputFile = target;
                DoubtUnlessFile(target);
                break;
            case "<&":
                break;
            case ">" or ">>" or ">|" or ">&" or "<>":
                ReadTarget(mark, target);
                break;
            default:
                line.Doubt();
                break;
        }
    }

    private void ReadTarget(string mark, ShellWord target)
    {
        if (target.Text is "/dev/null" or "/dev/stdout" or "/dev/stderr" || (mark == ">&" && target.Text is "1" or "2" or "-"))
            return;

        line.WritesFile(target);
        DoubtUnlessFile(target);
    }

    // Below `/dev` bash opens connections.
    private void DoubtUnlessFile(ShellWord target)
    {
        if (!target.IsKnown || (target.Text.StartsWith("/dev/", StringComparison.Ordinal) && target.Text != "/dev/null"))
            line.Doubt();
    }

    private void ReadHereTexts()
    {
        while (_pending.TryDequeue(out var pending))
        {
            var lines = new List<string>();
            var ended = false;
            while (At < text.Length && !ended)
            {
                var end = text.IndexOf('\n', At) is var found and >= 0 ? found : text.Length;
                var read = pending.CutsTabs ? text[At..end].TrimStart('\t') : text[At..end];
                At = Math.Min(end + 1, text.Length);
                ended = read == pending.End;
                if (!ended)
                    lines.Add(read);
            }

            if (!ended)
                line.Doubt();
            pending.Here.Text = string.Join('\n', lines);
            if (!pending.Here.IsLiteral)
                ShellWordReader.ReadSubstitutions(pending.Here.Text, line, depth);
        }
    }

    private void EndCommand()
    {
        if (_draft.IsEmpty && _draft.Assignments.Count == 0 && _draft.Input is null)
        {
            _draft.Clear();
            return;
        }

        _done.Add(_draft.ToCommand());
        _draft.Clear();
    }

    private void SkipBlanks()
    {
        while (Current is ' ' or '\t' || (Current == '\\' && Next == '\n'))
            At += Current == '\\' ? 2 : 1;
    }

    [GeneratedRegex(@"\G[ \t]*\([ \t]*\)")]
    private static partial Regex EmptyParentheses();

    [GeneratedRegex(@"\G[ \t]+-p(?=[ \t\n])")]
    private static partial Regex PosixTime();

    [GeneratedRegex(@"\G([0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})(?=[<>])")]
    private static partial Regex Descriptor();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\G[ \t\n]*in(?=[ \t\n;])")]
    private static partial Regex InKeyword();

    private sealed record PendingHere(HereText Here, string End, bool CutsTabs);
}
