using System.Text;

namespace Skein.Tests.Core;

/// <summary>A regular expression of .NET nobody wrote, and a text that it was made to match.</summary>
internal sealed record RandomPattern(string Pattern, string Text)
{
    // Escaped by JSON, with cases that are not ASCII's, of two UTF-16 units, or plain.
    private static readonly string[] s_characters = ["a", "b", "K", "k", "i", "S", "s", "7", " ", "-", "\"", "\\", "\n", "\t", "<", "&", "é", "É", "ß", "日", "🦢", "İ", "ſ", "\u212A", "\u00a0", "\u0301", "_", "/", "{", "}", "]", "#"];

    private static readonly (string Pattern, string Text)[] s_classes =
    [
        (".", "x"), (@"\d", "4"), (@"\w", "w"), (@"\W", "+"), (@"\s", "\t"), (@"\S", "日"), ("[a-c]", "b"), ("[^a-c]", "k"), ("[]x]", "]"), ("[^]x]", "["), (@"[\]a]", "]"),
        (@"[\x41-\x43]", "B"), ("[a-z-[aeiou]]", "t"), (@"\p{Lu}", "Q"), (@"\P{Lu}", "1"), (@"\x41", "A"), (@"\u0041", "A"), (@"\cA", "\u0001"), (@"\t", "\t"), (@"\n", "\n"), (@"\e", "\u001b"),
        ("[\\cA\\]]", "]"), ("[{}]", "{"), ("a{,2}", "a{,2}"), ("x{y", "x{y"),
    ];

    public static RandomPattern Next(Random random)
    {
        var (pattern, text) = Alternatives(random, depth: 3);
        return new RandomPattern(pattern, text);
    }

    private static (string Pattern, string Text) Alternatives(Random random, int depth)
    {
        var all = Enumerable.Range(0, random.Next(4) == 0 ? random.Next(2, 4) : 1).Select(_ => Sequence(random, depth)).ToList();
        return (string.Join('|', all.Select(a => a.Pattern)), all[random.Next(all.Count)].Text);
    }

    private static (string Pattern, string Text) Sequence(Random random, int depth)
    {
        var (pattern, text) = (new StringBuilder(), new StringBuilder());
        for (var i = random.Next(0, 6); i > 0; i--)
        {
            var (atom, its) = Atom(random, depth);
            var (quantifier, least) = random.Next(4) == 0 ? Quantifier(random) : ("", 1);
            pattern.Append(atom).Append(quantifier);
            text.Insert(text.Length, its, least);
        }

        return (pattern.ToString(), text.ToString());
    }

    private static (string Pattern, string Text) Atom(Random random, int depth)
    {
        switch (random.Next(depth > 0 ? 12 : 8))
        {
            case < 6:
                var c = s_characters[random.Next(s_characters.Length)];
                return (c == "\\" || (c.Length == 1 && !char.IsLetterOrDigit(c[0]) && c[0] is not ('_' or '\u0301') && random.Next(2) == 0) ? $"\\{c}" : c, c);
            case < 8:
                var known = s_classes[random.Next(s_classes.Length)];
                return random.Next(2) == 0 ? known : ($"(?:{known.Pattern})", known.Text);
            case 8:
                return Around(random, depth);
            default:
                var (pattern, text) = Alternatives(random, depth - 1);
                return ($"({Opening(random)}{pattern})", text);
        }
    }

    // What looks around is true of any text, or never matters: it is itself optional.
    private static (string Pattern, string Text) Around(Random random, int depth)
    {
        var inside = Alternatives(random, depth - 1).Pattern;
        return random.Next(5) switch
        {
            0 => ($"(?:(?={inside})|)", ""),
            1 => ($"(?:(?<={inside})|)", ""),
            2 => ("(?!nobody wrote this)", ""),
            3 => ("(?m)", ""),
            _ => ("(?#a comment)", ""),
        };
    }

    private static string Opening(Random random) => random.Next(8) switch
    {
        0 => "?:",
        1 => $"?<n{random.Next(100)}>",
        2 => $"?'q{random.Next(100)}'",
        3 => "?i:",
        4 => "?x:",
        5 => "?s-m:",
        6 => "?-i:",
        _ => "",
    };

    private static (string Quantifier, int Least) Quantifier(Random random) => random.Next(9) switch
    {
        0 => ("*", 0),
        1 => ("?", 0),
        2 => ("+", 1),
        3 => ("{0}", 0),
        4 => ("{0,3}?", 0),
        5 => ("{2}", 2),
        6 => ("{1,}", 1),
        7 => ("*?", 0),
        _ => ("+?", 2),
    };
}
