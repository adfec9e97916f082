using System.Buffers;
using System.Text.RegularExpressions;

namespace Skein.Core.Search;

/// <summary>
/// Decides whether a text has what a search looks for. Every store asks it, so that all answer the same. Case is Unicode's, character by
/// character and the same in every language; what looks alike but is written in other characters differs. Safe for use by many threads.
/// </summary>
internal sealed class TextMatcher
{
    /// <summary>How long the text sought may be, in UTF-16 units.</summary>
    public const int LongestText = 500;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly SearchQuery _query;
    private readonly SearchValues<string>? _values;
    private readonly Regex? _regex;

    private TextMatcher(SearchQuery query)
    {
        _query = query;
        if (query.IsRegex)
            _regex = Compile(query);
        else if (!query.MatchCase)
            _values = SearchValues.Create([query.Text], StringComparison.OrdinalIgnoreCase);

        var plain = query.IsRegex ? RequiredText.LongestPlain(query.Text, query.MatchCase) : PlainRun.Longest(query.Text, query.MatchCase);
        if (plain.Length > 0)
            Needle = new ByteNeedle(plain, query.MatchCase);
    }

    /// <summary>
    /// Bytes that every text in UTF-8, and every line of a log, that has a match also has. Null: there is nothing so simple to look for.
    /// </summary>
    public ByteNeedle? Needle { get; }

    /// <exception cref="InvalidRequestException">The query breaks a rule that the message names.</exception>
    public static TextMatcher For(SearchQuery query)
    {
        if (query.Text.Length is 0 or > LongestText)
            throw new InvalidRequestException($"The text to search for has {query.Text.Length} characters: it must have 1 to {LongestText}.");
        return new TextMatcher(query);
    }

    /// <summary>The first match; null: there is none.</summary>
    /// <exception cref="InvalidRequestException">The expression took too long.</exception>
    public Snippet? Find(ReadOnlySpan<char> text)
    {
        if (_regex is not null)
            return FindRegex(_regex, text);

        var at = _values is null ? text.IndexOf(_query.Text) : text.IndexOfAny(_values);
        return at < 0 ? null : Snippet.Of(text, at, _query.Text.Length);
    }

    /// <summary>Whether there is a match, wherever.</summary>
    /// <exception cref="InvalidRequestException">The expression took too long.</exception>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        if (_regex is null)
            return _values is null ? text.IndexOf(_query.Text) >= 0 : text.ContainsAny(_values);

        try
        {
            return _regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            throw TookTooLong();
        }
    }

    private Snippet? FindRegex(Regex regex, ReadOnlySpan<char> text)
    {
        try
        {
            foreach (var match in regex.EnumerateMatches(text))
                return Snippet.Of(text, match.Index, match.Length);
            return null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw TookTooLong();
        }
    }

    private InvalidRequestException TookTooLong() =>
        new($"The regular expression '{_query.Text}' took longer than {s_patience.TotalSeconds:0} s on one text: make it simpler.");

    private static Regex Compile(SearchQuery query)
    {
        var options = RegexOptions.CultureInvariant | RegexOptions.Multiline | (query.MatchCase ? RegexOptions.None : RegexOptions.IgnoreCase);
        try
        {
            // It takes time in proportion to the text. With a limit of time .NET's engine misses matches of ^ far into a long text.
            return new Regex(query.Text, options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            // Looking around, back-references and very large counts need to go back; then a limit of time is all there is.
            return new Regex(query.Text, options, s_patience);
        }
        catch (RegexParseException e)
        {
            throw new InvalidRequestException($"'{query.Text}' is not a regular expression: {e.Message}");
        }
    }
}
