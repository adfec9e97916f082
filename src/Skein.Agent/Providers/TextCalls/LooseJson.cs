using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>
/// Reads JSON as weak models write it: single or typographic quotes, keys without any, trailing commas, line breaks and quotes in strings
/// that nobody escaped, Python's words, braces that are missing. What is JSON is read as JSON.
/// </summary>
internal sealed class LooseJson(string text, int at)
{
    private const int Deepest = 60;

    // What a model's own tokens put around a string comes before plain quotes.
    private static readonly (string Open, string Close)[] s_quotes =
        [("<|\"|>", "<|\"|>"), ("<escape>", "<escape>"), ("\"\"\"", "\"\"\""), ("'''", "'''"), ("\"", "\""), ("'", "'"), ("“", "”")];

    private int _depth;

    /// <summary>Where the next character is read.</summary>
    public int At { get; private set; } = at;

    /// <summary>The text ended in the middle of a string: what it was to be is not known.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Brackets that were missing were added.</summary>
    public bool IsShort { get; private set; }

    /// <exception cref="FormatException">It is nothing that could be meant; the message says what is wrong.</exception>
    public JsonNode? Value()
    {
        SkipSpace();
        if (At >= text.Length)
            throw Broken("it ends where a value should be");
        if (++_depth > Deepest)
            throw Broken("it is nested too deeply");

        try
        {
            return text[At] switch
            {
                '{' => Object(),
                '[' => Array(),
                _ => QuoteHere() is { } quote ? JsonValue.Create(Quoted(quote, isKey: false)) : Word(),
            };
        }
        finally
        {
            _depth--;
        }
    }

    public void SkipSpace()
    {
        while (At < text.Length)
        {
            if (char.IsWhiteSpace(text[At]))
                At++;
            else if (Is("//"))
                SkipTo("\n");
            else if (Is("/*"))
                SkipTo("*/");
            else
                return;
        }
    }

    public FormatException Broken(string what)
    {
        var lines = text.AsSpan(0, Math.Min(At, text.Length)).Count('\n');
        var column = At - (At == 0 ? -1 : text.LastIndexOf('\n', Math.Min(At, text.Length) - 1));
        return new FormatException(string.Create(CultureInfo.InvariantCulture, $"{what} (line {lines + 1}, column {column})"));
    }

    private JsonObject Object()
    {
        var members = new JsonObject();
        At++;
        while (!IsEnd('}', ']'))
        {
            var key = QuoteHere() is { } quote ? Quoted(quote, isKey: true) : BareKey();
            SkipSpace();
            if (At < text.Length && text[At] is ':' or '=')
                At++;
            else
                throw Broken($"after the name \"{key}\" a ':' is missing");
            members[key] = Value();
            SkipComma("between the members of an object");
        }

        return members;
    }

    private JsonArray Array()
    {
        var items = new JsonArray();
        At++;
        while (!IsEnd(']', '}'))
        {
            items.Add(Value());
            SkipComma("between the items of an array");
        }

        return items;
    }

    // The other bracket ends what is around this one: its own is missing.
    private bool IsEnd(char own, char other)
    {
        SkipSpace();
        if (At < text.Length && text[At] != other)
            return text[At] == own && At++ >= 0;

        return IsShort = true;
    }

    private void SkipComma(string where)
    {
        SkipSpace();
        if (At >= text.Length || text[At] is '}' or ']' || QuoteHere() is not null)
            return;
        if (text[At] != ',')
            throw Broken($"a ',' is missing {where}");
        At++;
    }

    private (string Open, string Close)? QuoteHere()
    {
        foreach (var quote in s_quotes)
            if (Is(quote.Open))
                return quote;
        return null;
    }

    private string Quoted((string Open, string Close) quote, bool isKey)
    {
        var said = new StringBuilder();
        for (At += quote.Open.Length; At < text.Length;)
        {
            if (Is(quote.Close) && (isKey || quote.Close.Length > 1 || IsClosing(At + 1)))
            {
                At += quote.Close.Length;
                return said.ToString();
            }

            if (text[At] == '\\' && At + 1 < text.Length)
                Escape(said);
            else
                said.Append(text[At++]);
        }

        IsOpen = true;
        throw Broken("it ends in the middle of a string");
    }

    // A quote that nobody escaped stands in the middle of words.
    private bool IsClosing(int next)
    {
        while (next < text.Length && char.IsWhiteSpace(text[next]))
            next++;
        return next >= text.Length || text[next] is ',' or ':' or '}' or ']' or ')' or '=';
    }

    private void Escape(StringBuilder said)
    {
        var c = text[At + 1];
        if (c == 'u' && At + 6 <= text.Length && ushort.TryParse(text.AsSpan(At + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            said.Append((char)unit);
            At += 6;
            return;
        }

        // \d of a pattern, \. of a path: no escape of JSON's, so the backslash is meant.
        _ = c switch
        {
            'n' => said.Append('\n'),
            't' => said.Append('\t'),
            'r' => said.Append('\r'),
            'b' => said.Append('\b'),
            'f' => said.Append('\f'),
            '"' or '\'' or '\\' or '/' or '\n' => said.Append(c),
            _ => said.Append('\\').Append(c),
        };
        At += 2;
    }

    private string BareKey()
    {
        var start = At;
        while (At < text.Length && (char.IsLetterOrDigit(text[At]) || text[At] is '_' or '-' or '.' or '$'))
            At++;
        return At > start ? text[start..At] : throw Broken(At < text.Length ? $"a name is missing before '{text[At]}'" : "it ends where a name should be");
    }

    private JsonNode? Word()
    {
        var start = At;
        while (At < text.Length && (char.IsLetterOrDigit(text[At]) || text[At] is '_' or '-' or '+' or '.' or '/' or '~'))
            At++;
        if (At == start)
            throw Broken($"'{text[At]}' is no value");

        var word = text[start..At];
        return word switch
        {
            "true" or "True" => JsonValue.Create(true),
            "false" or "False" => JsonValue.Create(false),
            "null" or "None" or "undefined" => null,
            _ => Number(word) ?? JsonValue.Create(word),
        };
    }

    private static JsonNode? Number(string word)
    {
        if (!char.IsAsciiDigit(word[^1]) || !(char.IsAsciiDigit(word[0]) || word[0] == '-'))
            return null;
        try
        {
            return JsonNode.Parse(word);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool Is(string token) => string.CompareOrdinal(text, At, token, 0, token.Length) == 0;

    private void SkipTo(string end) => At = text.IndexOf(end, At, StringComparison.Ordinal) is var found and >= 0 ? found + end.Length : text.Length;
}
