using System.Buffers;
using System.Text;

namespace Skein.Agent.Permissions;

/// <summary>
/// A command line cut into its simple commands. Cautious, not complete: wherever a shell could run something else than what is seen here
/// (substitutions, redirections to files, comments, keywords …) it says that it cannot tell.
/// </summary>
/// <param name="Pieces">The simple commands; as far as could be told when <paramref name="IsClear"/> is false.</param>
/// <param name="IsClear">The pieces are all that would run.</param>
/// <param name="RunsOthers">One of them runs a command that it is given: a rule about that one would not see it.</param>
internal sealed record ShellCommand(IReadOnlyList<string> Pieces, bool IsClear, bool RunsOthers)
{
    private static readonly HashSet<string> s_keywords = new(StringComparer.Ordinal)
    {
        "!", "{", "}", "[[", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select",
        "then", "time", "until", "while", "alias", "trap",
    };

    private static readonly HashSet<string> s_wrappers = new(StringComparer.Ordinal)
    {
        ".", "source", "eval", "exec", "builtin", "command", "env", "sudo", "doas", "su", "nohup", "setsid", "nice", "ionice", "timeout",
        "stdbuf", "xargs", "parallel", "watch", "find", "busybox", "toybox", "sh", "ash", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish",
        "chroot", "unshare", "nsenter", "setarch", "setpriv", "runuser", "pkexec", "prlimit", "taskset", "chrt", "flock", "script", "strace",
        "ltrace", "fakeroot", "systemd-run", "at", "batch",
    };

    // With a redirection in it or before it (`>&2 rm`) the program's name is further on.
    private static readonly SearchValues<char> s_madeUp = SearchValues.Create("=$'\"\\*?[{~<>");

    /// <summary>The program of a piece without its folder, and the rest.</summary>
    public static string WithoutFolder(string piece)
    {
        var word = FirstWord(piece);
        return piece[(word.LastIndexOf('/') + 1)..];
    }

    public static ShellCommand Parse(string command) => new Scan(command).Run();

    private static string FirstWord(string piece) => piece.Split(' ', 2)[0];

    private sealed class Scan(string text)
    {
        private readonly List<string> _pieces = [];
        private readonly StringBuilder _piece = new();
        private bool _clear = true;
        private int _at;

        public ShellCommand Run()
        {
            while (_at < text.Length)
                Step();

            Cut();
            return new ShellCommand(_pieces, _clear, _pieces.Exists(static p => s_wrappers.Contains(FirstWord(WithoutFolder(p)))));
        }

        private void Step()
        {
            var c = text[_at];
            switch (c)
            {
                case '\'':
                    TakeQuoted('\'');
                    break;
                case '"':
                    TakeQuoted('"');
                    break;
                case '\\':
                    // Before a newline it joins two lines, at the end it is nothing: neither is what it looks like.
                    _clear &= Next is not ('\0' or '\n');
                    Take(2);
                    break;
                // One blank or many are the same to a shell, and have to be to a rule.
                case ' ' or '\t':
                    _piece.Append(' ');
                    while (_at < text.Length && text[_at] is (' ' or '\t'))
                        _at++;
                    break;
                case '\n' or ';' or '|' or '&':
                    Cut();
                    _at++;
                    break;
                case '>' or '<':
                    TakeRedirection();
                    break;
                // A comment hides quotes that would be counted here, `$'` is a quote with other rules, the others run something.
                case '`' or '(' or ')':
                case '$' when Next is '(' or '\'' or '"' or '{' or '[':
                case '#' when _piece.Length == 0 || char.IsWhiteSpace(_piece[^1]):
                    _clear = false;
                    Take(1);
                    break;
                default:
                    _clear &= !char.IsControl(c);
                    Take(1);
                    break;
            }
        }

        private char Next => _at + 1 < text.Length ? text[_at + 1] : '\0';

        private void Take(int count)
        {
            var end = Math.Min(text.Length, _at + count);
            _piece.Append(text, _at, end - _at);
            _at = end;
        }

        private void TakeQuoted(char quote)
        {
            Take(1);
            while (_at < text.Length && text[_at] != quote)
            {
                if (quote == '"')
                {
                    _clear &= text[_at] != '`' && !(text[_at] == '$' && Next is '(' or '{' or '[');
                    if (text[_at] == '\\')
                        Take(1);
                }

                Take(1);
            }

            _clear &= _at < text.Length;
            Take(1);
        }

        // Only what changes nothing is clear: one output into the other, or away.
        private void TakeRedirection()
        {
            foreach (var harmless in (ReadOnlySpan<string>)[">&1", ">&2", "> /dev/null", ">/dev/null", "</dev/null", "< /dev/null"])
            {
                var end = _at + harmless.Length;
                if (string.CompareOrdinal(text, _at, harmless, 0, harmless.Length) == 0
                    && (end == text.Length || char.IsWhiteSpace(text[end]) || text[end] is ';' or '|' or '&'))
                {
                    Take(harmless.Length);
                    return;
                }
            }

            _clear = false;
            Take(1);
        }

        private void Cut()
        {
            var piece = _piece.ToString().Trim();
            _piece.Clear();
            if (piece.Length == 0)
                return;

            _pieces.Add(piece);
            var word = FirstWord(piece);

            // `A=b command`, `if command`, and a name that is only put together when it runs.
            _clear &= !s_keywords.Contains(word) && !word.AsSpan().ContainsAny(s_madeUp);
        }
    }
}
