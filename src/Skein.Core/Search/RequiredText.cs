using System.Text;

namespace Skein.Core.Search;

/// <summary>
/// Which texts every match of a regular expression of .NET has in it, as far as its pattern shows that without doubt: what stands in an
/// alternative, behind a quantifier that allows none, in a class or in what looks around counts for nothing, and a pattern with something
/// that is not known here has no such text at all.
/// </summary>
internal sealed class RequiredText
{
    private const string WithoutArgument = "dDsSwWbBAzZGnrtfvae";

    // The one character beyond ASCII that matches an ASCII letter when case does not count is the sign for kelvin.
    private const string MatchOthers = "kK";

    private readonly string _pattern;
    private readonly bool _matchCase;
    private int _at;
    private bool _isUnknown;

    private RequiredText(string pattern, bool matchCase) => (_pattern, _matchCase) = (pattern, matchCase);

    /// <summary>What <see cref="PlainRun"/> finds in each of them, where it finds something.</summary>
    /// <param name="pattern">A pattern that .NET takes, without whitespace that does not count.</param>
    public static IEnumerable<byte[]> Plain(string pattern, bool matchCase)
    {
        var reader = new RequiredText(pattern, matchCase);
        var texts = reader.Alternatives();
        return reader._isUnknown || reader._at < pattern.Length
            ? []
            : texts.Select(text => PlainRun.Longest(text, matchCase)).Where(static plain => plain.Length > 0);
    }

    /// <summary>The longest of <see cref="Plain"/>.</summary>
    /// <returns>Empty where there is none.</returns>
    public static byte[] LongestPlain(string pattern, bool matchCase) => Plain(pattern, matchCase).Append([]).MaxBy(static plain => plain.Length)!;

    private bool IsAtEnd => _at >= _pattern.Length;

    private List<string> Alternatives()
    {
        var texts = Sequence();
        if (!Take('|'))
            return texts;

        do
            Sequence();
        while (Take('|'));
        return [];
    }

    private List<string> Sequence()
    {
        var (texts, text) = (new List<string>(), new StringBuilder());
        while (!IsAtEnd && _pattern[_at] is not ('|' or ')'))
        {
            var (character, inside) = Atom();
            var (isQuantified, isOptional) = Quantifier();
            if (!isOptional)
            {
                text.Append(character);
                texts.AddRange(inside);
            }

            if (character is null || isQuantified)
                End();
        }

        End();
        return texts;

        void End()
        {
            texts.Add(text.ToString());
            text.Clear();
        }
    }

    // What is neither a character nor a group ends the text before it: the rest goes on somewhere behind.
    private (char? Character, IReadOnlyList<string> Inside) Atom()
    {
        switch (_pattern[_at++])
        {
            case '(':
                return (null, Group());
            case '[':
                PassClass();
                return (null, []);
            case '\\':
                return (Escape(), []);
            case '.' or '^' or '$' or '{':
                return (null, []);
            case var c when !_matchCase && MatchOthers.Contains(c):
                return (null, []);
            case var c:
                return (c, []);
        }
    }

    private List<string> Group()
    {
        var isAround = false;
        if (Take('?'))
        {
            if (Take('=') || Take('!') || Take("<=") || Take("<!"))
                isAround = true;
            else if (Take('<'))
                PassName('>');
            else if (Take('\''))
                PassName('\'');
            else if (!Take('>') && !PassOptions())
                return [];
        }

        var inside = Alternatives();
        return Take(')') && !isAround ? inside : [];
    }

    // A name with a minus balances another group.
    private void PassName(char end)
    {
        while (!IsAtEnd && (char.IsLetterOrDigit(_pattern[_at]) || _pattern[_at] == '_'))
            _at++;
        if (!Take(end))
            GiveUp();
    }

    /// <returns>False: they are for what stands behind the group, which has nothing in it.</returns>
    private bool PassOptions()
    {
        while (!IsAtEnd && (_pattern[_at] is 'm' or 's' or 'n' or '-' || (_pattern[_at] is 'i' && !_matchCase)))
            _at++;
        if (Take(':'))
            return true;
        if (!Take(')'))
            GiveUp();
        return false;
    }

    private void PassClass()
    {
        Take('^');
        for (var isFirst = true; !IsAtEnd && (isFirst || _pattern[_at] != ']'); isFirst = false)
        {
            var c = _pattern[_at++];
            if (c == '[' || (c == '\\' && (IsAtEnd || _pattern[_at++] == 'c')))
                GiveUp();
        }

        if (!Take(']'))
            GiveUp();
    }

    private char? Escape()
    {
        var c = IsAtEnd ? 'c' : _pattern[_at++];
        if (!char.IsLetterOrDigit(c) && c != '_')
            return c;
        if (!WithoutArgument.Contains(c))
            GiveUp();
        return null;
    }

    private (bool IsQuantified, bool IsOptional) Quantifier()
    {
        var isOptional = false;
        if (Take('*') || Take('?'))
            isOptional = true;
        else if (!Take('+') && !TakeCount(out isOptional))
            return (false, false);

        Take('?');
        return (true, isOptional);
    }

    // A brace that begins no count is a character, and so is what stands in it.
    private bool TakeCount(out bool mayBeNone)
    {
        mayBeNone = false;
        var rest = _pattern.AsSpan(_at);
        if (rest.IsEmpty || rest[0] != '{')
            return false;

        var least = rest[1..].IndexOfAnyExceptInRange('0', '9');
        if (least <= 0)
            return false;

        var end = 1 + least;
        if (rest[end] == ',')
            end += 1 + Math.Max(0, rest[(end + 1)..].IndexOfAnyExceptInRange('0', '9'));
        if (end >= rest.Length || rest[end] != '}')
            return false;

        mayBeNone = !rest.Slice(1, least).ContainsAnyExcept('0');
        _at += end + 1;
        return true;
    }

    private bool Take(char c) => Take([c]);

    private bool Take(ReadOnlySpan<char> text)
    {
        if (!_pattern.AsSpan(_at).StartsWith(text))
            return false;
        _at += text.Length;
        return true;
    }

    private void GiveUp() => (_isUnknown, _at) = (true, _pattern.Length);
}
