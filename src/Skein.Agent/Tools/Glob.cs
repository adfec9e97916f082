using System.Text;

namespace Skein.Agent.Tools;

/// <summary>
/// A compiled glob: <c>*</c> any characters, <c>?</c> one, <c>[a-z]</c> and <c>[!a-z]</c> a choice, <c>\</c> takes the next character as
/// it is; in a path <c>*</c> stays within a name and <c>**</c> is any number of folders. Matching takes at most pattern times text
/// steps, since patterns come from models and from files of others. Immutable.
/// </summary>
internal sealed class Glob
{
    private readonly Segment[] _segments;

    private Glob(Segment[] segments, bool isLiteral)
    {
        _segments = segments;
        IsLiteral = isLiteral;
    }

    /// <summary>There is no wildcard in it: it matches one text only.</summary>
    public bool IsLiteral { get; }

    /// <summary>For paths with '/' between names. A last <c>/**</c> also matches the folder itself.</summary>
    public static Glob ForPaths(string pattern)
    {
        var segments = pattern.Split('/').Select(static name => name == "**" ? Segment.AnyDepth : Segment.Parse(name)).ToArray();
        return new Glob(segments, segments.All(static s => s.IsLiteral));
    }

    /// <summary>For any text: '/' is a character like others.</summary>
    public static Glob ForText(string pattern)
    {
        var segment = Segment.Parse(pattern);
        return new Glob([segment], segment.IsLiteral);
    }

    /// <summary>The pattern that matches this text and no other.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is '*' or '?' or '[' or '\\')
                escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    /// <summary>The patterns that <c>{a,b}</c> stands for.</summary>
    /// <exception cref="ToolInputException">More than 256.</exception>
    public static IReadOnlyList<string> ExpandBraces(string pattern)
    {
        var done = new List<string>();
        var todo = new Queue<string>([pattern]);
        while (todo.TryDequeue(out var next))
        {
            var open = next.IndexOf('{', StringComparison.Ordinal);
            var close = open < 0 ? -1 : next.IndexOf('}', open);
            if (close < 0)
            {
                done.Add(next);
                continue;
            }

            // The innermost pair first, so that nesting works out.
            open = next.LastIndexOf('{', close);
            foreach (var choice in next[(open + 1)..close].Split(','))
                todo.Enqueue(next[..open] + choice + next[(close + 1)..]);

            if (todo.Count + done.Count > 256)
                throw new ToolInputException($"'{pattern}' stands for more than 256 patterns.");
        }

        return done;
    }

    /// <summary>Whether a text matches from end to end.</summary>
    public bool Matches(string text) => _segments is [{ IsAnyDepth: false } only] && !text.Contains('/')
        ? only.Matches(text)
        : MatchesNames(text.Split('/'));

    /// <summary>Whether a text matches from end to end, '/' being nothing special.</summary>
    public bool MatchesText(string text) => _segments[0].Matches(text);

    /// <summary>Whether there is a text that matches, where one character of it stands for any text.</summary>
    public bool MayMatchText(string text, char any) => _segments[0].MayMatch(text, any);

    // The greedy way: after a mismatch only the latest ** needs to take one name more.
    private bool MatchesNames(string[] names)
    {
        int s = 0, n = 0, anyDepth = -1, taken = 0;
        while (n < names.Length)
        {
            if (s < _segments.Length && _segments[s].IsAnyDepth)
            {
                anyDepth = s++;
                taken = n;
            }
            else if (s < _segments.Length && _segments[s].Matches(names[n]))
            {
                s++;
                n++;
            }
            else if (anyDepth >= 0)
            {
                s = anyDepth + 1;
                n = ++taken;
            }
            else
            {
                return false;
            }
        }

        while (s < _segments.Length && _segments[s].IsAnyDepth)
            s++;
        return s == _segments.Length;
    }

    private sealed record Token(char Literal = '\0', bool Any = false, bool One = false, string? Choice = null, bool Negated = false)
    {
        public bool Matches(char c) => One || (Choice is null ? c == Literal : InChoice(c) != Negated);

        private bool InChoice(char c)
        {
            for (var i = 0; i < Choice!.Length; i++)
            {
                if (i + 2 < Choice.Length && Choice[i + 1] == '-')
                {
                    if (c >= Choice[i] && c <= Choice[i + 2])
                        return true;
                    i += 2;
                }
                else if (c == Choice[i])
                {
                    return true;
                }
            }

            return false;
        }
    }

    private sealed class Segment(Token[] tokens, bool isAnyDepth)
    {
        public bool IsAnyDepth => isAnyDepth;

        public bool IsLiteral => !isAnyDepth && Array.TrueForAll(tokens, static t => !t.Any && !t.One && t.Choice is null);

        public static Segment AnyDepth { get; } = new([], isAnyDepth: true);

        public static Segment Parse(string pattern)
        {
            var tokens = new List<Token>();
            for (var i = 0; i < pattern.Length; i++)
            {
                switch (pattern[i])
                {
                    case '*':
                        if (tokens is not [.., { Any: true }])
                            tokens.Add(new Token(Any: true));
                        break;
                    case '?':
                        tokens.Add(new Token(One: true));
                        break;
                    case '[' when pattern.IndexOf(']', Math.Min(i + 2, pattern.Length)) is var end and > 0:
                        var negated = pattern[i + 1] is '!' or '^';
                        tokens.Add(new Token(Choice: pattern[(negated ? i + 2 : i + 1)..end], Negated: negated));
                        i = end;
                        break;
                    case '\\' when i + 1 < pattern.Length:
                        tokens.Add(new Token(pattern[++i]));
                        break;
                    default:
                        tokens.Add(new Token(pattern[i]));
                        break;
                }
            }

            return new Segment([.. tokens], isAnyDepth: false);
        }

        public bool Matches(string text)
        {
            int t = 0, c = 0, star = -1, taken = 0;
            while (c < text.Length)
            {
                if (t < tokens.Length && tokens[t].Any)
                {
                    star = t++;
                    taken = c;
                }
                else if (t < tokens.Length && tokens[t].Matches(text[c]))
                {
                    t++;
                    c++;
                }
                else if (star >= 0)
                {
                    t = star + 1;
                    c = ++taken;
                }
                else
                {
                    return false;
                }
            }

            while (t < tokens.Length && tokens[t].Any)
                t++;
            return t == tokens.Length;
        }

        // All that the tokens can have taken after each character; a star goes on with or without it.
        public bool MayMatch(string text, char any)
        {
            var reached = new bool[tokens.Length + 1];
            reached[0] = true;
            SkipStars(reached);
            foreach (var c in text)
            {
                var next = new bool[tokens.Length + 1];
                for (var t = 0; t <= tokens.Length; t++)
                {
                    if (c == any)
                    {
                        next[t] = reached[t] || (t > 0 && next[t - 1]);
                    }
                    else if (t < tokens.Length && reached[t])
                    {
                        next[t] |= tokens[t].Any;
                        next[t + 1] |= !tokens[t].Any && tokens[t].Matches(c);
                    }
                }

                SkipStars(next);
                reached = next;
            }

            return reached[^1];
        }

        private void SkipStars(bool[] reached)
        {
            for (var t = 0; t < tokens.Length; t++)
                reached[t + 1] |= reached[t] && tokens[t].Any;
        }
    }
}
