using System.Text.RegularExpressions;

namespace Skein.Core.Redaction;

/// <summary>
/// A private key in armour, as PEM or OpenPGP: the whole block, whatever stands before its lines (line numbers, quotes, the marks of a
/// diff), and with its line ends escaped; also one that is cut at its end or its beginning.
/// </summary>
internal sealed partial record PrivateKeyRule() : SecretRule("private-key", [Begin, End])
{
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";

    // Shorter lines are words; only a key's last line may be short.
    private const int ShortestLine = 16;
    private const int LongestPrefix = 16;
    private const string Armour = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    public override bool TryMatch(ReadOnlySpan<char> text, int anchor, string anchorText, out Secret secret)
    {
        var (start, end) = anchorText == Begin ? FromBegin(text, anchor) : FromEnd(text, anchor);
        secret = new Secret(anchor, start, end, Kind);
        return end > start;
    }

    private static (int Start, int End) FromBegin(ReadOnlySpan<char> text, int anchor)
    {
        if (EndOf(BeginLine(), text, anchor) is not { } body)
            return default;

        var rest = text[body..];
        var next = rest.IndexOf(Begin);
        var block = next < 0 ? rest : rest[..next];
        for (var at = block.IndexOf(End); at >= 0; at = NextEnd(block, at))
        {
            if (EndOf(EndLine(), text, body + at) is { } end)
                return (anchor, end);
        }

        return (anchor, EndOf(Lines(), text[..(body + block.Length)], body) ?? body);
    }

    private static int NextEnd(ReadOnlySpan<char> block, int at) =>
        block[(at + End.Length)..].IndexOf(End) is var next and >= 0 ? at + End.Length + next : -1;

    // The lines before the end, backwards, as long as they are a key's.
    private static (int Start, int End) FromEnd(ReadOnlySpan<char> text, int anchor)
    {
        if (EndOf(EndLine(), text, anchor) is not { } end)
            return default;

        var least = Math.Max(0, anchor - Back);
        var start = BeforePrefix(text, anchor, least);
        var isLast = true;
        while (SeparatorBefore(text[least..start]) is var separator and > 0)
        {
            var lineEnd = start - separator;
            var line = least + text[least..lineEnd].TrimEnd(Armour).Length;
            // The letter of an escaped line end is none of the line.
            if (line > least && line < lineEnd && text[line - 1] == '\\' && text[line] == 'n')
                line++;
            if (lineEnd == line || (lineEnd - line < ShortestLine && !isLast))
                break;

            isLast = false;
            start = BeforePrefix(text, line, least);
        }

        return isLast ? default : (start, end);
    }

    private static int BeforePrefix(ReadOnlySpan<char> text, int at, int least)
    {
        var from = Math.Max(least, at - LongestPrefix);
        return from + text[from..at].TrimEnd(" \t0123456789:|+->").Length;
    }

    private static int SeparatorBefore(ReadOnlySpan<char> text) =>
        text.EndsWith("\r\n") ? 2
        : text.EndsWith("\n") ? 1
        : text.EndsWith("\\r\\n") ? 4
        : text.EndsWith("\\n") ? 2
        : 0;

    private static int? EndOf(Regex regex, ReadOnlySpan<char> text, int at)
    {
        foreach (var match in regex.EnumerateMatches(text, at))
            return match.Index + match.Length;
        return null;
    }

    [GeneratedRegex(@"\G-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")]
    private static partial Regex BeginLine();

    [GeneratedRegex(@"\G-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")]
    private static partial Regex EndLine();

    // A line end or a blank line, what a program may print before a line, and a line of the key or one of its headers.
    [GeneratedRegex(@"\G(?:(?:\r?\n|(?:\\{1,2}r)?\\{1,2}n){1,2}[ \t+|>-]{0,16}(?:[0-9]{1,7}[:|\t][ \t]{0,4})?(?:(?:Proc-Type|DEK-Info|Comment|Version):[^\r\n\\]{0,128}|[A-Za-z0-9+/=]{1,128}))*")]
    private static partial Regex Lines();
}
