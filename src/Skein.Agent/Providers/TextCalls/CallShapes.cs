using System.Text.RegularExpressions;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>
/// Tells the calls that begin at a place of an answer, of which more may come. What it decides of a text holds for every longer one: an
/// answer is the same whatever the pieces it comes in.
/// </summary>
/// <param name="isTaught">The model was told to write calls into its text. Else they count only where nothing else can be meant.</param>
internal sealed partial class CallShapes(ToolNames names, bool isTaught)
{
    private const int LongestTag = 160;

    // Fences of these say that they hold calls.
    private static readonly string[] s_callFences = ["tool_call", "tool_calls", "tool_code", "tool_use", "tool", "function_call"];

    private static readonly string[] s_tags =
    [
        "<tool_call", "<toolcall", "<tool_use", "<tools>", "<tool>", "<tool ", "<tool_request", "<function", "<invoke ", "<call>",
        "<minimax:tool_call", "<seed:tool_call", "<｜DSML｜",
    ];

    // Tokens that begin calls, and what ends these; where nothing does, they go on to the end of the answer.
    private static readonly (string Open, string? Close)[] s_tokens =
    [
        ("<|tool_call|>", "<|/tool_call|>"), ("<|tool_call>", "<tool_call|>"), ("<|python_tag|>", null), ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
        ("<|tool_call_begin|>", "<|tool_call_end|>"), ("<|action_start|>", "<|action_end|>"), ("<|START_ACTION|>", "<|END_ACTION|>"),
        ("<start_function_call>", "<end_function_call>"), ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"), ("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
        ("<|channel|>commentary", "<|call|>"), ("[TOOL_CALLS]", null), ("[TOOL_CALL]", "[/TOOL_CALL]"), ("[TOOL_REQUEST]", "[END_TOOL_REQUEST]"), ("✿FUNCTION✿:", null),
    ];

    /// <summary>Whether a character may begin a call.</summary>
    public bool MayBegin(char c, bool atLineStart) =>
        c is '<' or '[' or '✿' || (atLineStart && (c is '`' or '~' or '{' || (isTaught && (c is '*' or '_' || char.IsLetter(c)))));

    public CallMatch Match(string text, int at, bool atLineStart, bool ended)
    {
        var match = Whole(text, at, atLineStart, ended);
        return match.Kind != CallMatchKind.Calls || (match.IsSure && isTaught) ? match : LastOf(match, text, ended);
    }

    // What is not marked, or was not asked for, is a call only where nothing but calls follows it.
    private CallMatch LastOf(CallMatch match, string text, bool ended)
    {
        var next = SkipSpace(text, match.End);
        while (next < text.Length && LeftOver.At(text, next, ended) is var mark and not 0)
        {
            if (mark < 0)
                return CallMatch.Undecided;
            next = SkipSpace(text, next + mark);
        }

        if (next >= text.Length)
            return ended ? match : CallMatch.Undecided;
        if (!MayBegin(text[next], atLineStart: true))
            return CallMatch.None;

        var rest = Match(text, next, atLineStart: true, ended);
        return rest.Kind == CallMatchKind.Calls ? rest with { Found = [.. match.Calls, .. rest.Calls] } : rest;
    }

    private CallMatch Whole(string text, int at, bool atLineStart, bool ended)
    {
        var rest = text.AsSpan(at);
        foreach (var (open, close) in s_tokens)
        {
            if (rest.StartsWith(open, StringComparison.Ordinal))
                return Marked(text, at, at + open.Length, close, atLineStart, ended);
            if (!ended && open.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                return CallMatch.Undecided;
        }

        return text[at] switch
        {
            '<' => Tagged(text, at, atLineStart, ended),
            '`' or '~' => atLineStart ? Fenced(text, at, ended) : CallMatch.None,
            _ when !atLineStart => CallMatch.None,
            '{' or '[' => Bare(text, at, ended),
            _ => isTaught ? Named(text, at, ended) : CallMatch.None,
        };
    }

    // <tool_call>…</tool_call>, <function=read>…</function>, <read>…</read>
    private CallMatch Tagged(string text, int at, bool atLineStart, bool ended)
    {
        var rest = text.AsSpan(at);
        var isKnown = false;
        foreach (var tag in s_tags)
        {
            isKnown |= rest.StartsWith(tag, StringComparison.OrdinalIgnoreCase);
            if (!ended && tag.AsSpan().StartsWith(rest, StringComparison.OrdinalIgnoreCase))
                return CallMatch.Undecided;
        }

        if (CallTag.Read(text, at) is not { } open)
        {
            var isWhole = rest.Length > LongestTag || rest.IndexOfAny('>', '\n') >= 0 || ended;
            var mayBe = isKnown || (atLineStart && isTaught && rest.Length > 1 && names.MayBecome(rest[1..].ToString()));
            return isWhole || !mayBe ? CallMatch.None : CallMatch.Undecided;
        }

        var isTool = isTaught && atLineStart && names.Find(open.Name) is not null;
        if (open.IsClosing || (!isTool && !(isKnown && CallTag.IsCall(open.Name))))
            return CallMatch.None;

        var match = Marked(text, at, open.Value is null && !isTool ? open.End : at, $"</{open.Written}>", atLineStart, ended);
        return isTool ? match with { IsSure = false } : match;
    }

    /// <param name="at">Where the mark begins.</param>
    /// <param name="body">Where what is read begins.</param>
    private CallMatch Marked(string text, int at, int body, string? close, bool atLineStart, bool ended)
    {
        if (!isTaught && !atLineStart)
            return CallMatch.None;

        var begin = body == at ? CallMatchKind.Calls : MayBeCalls(text, SkipSpace(text, body), ended);
        if (begin != CallMatchKind.Calls)
            return begin == CallMatchKind.None ? CallMatch.None : CallMatch.Undecided;

        var (end, after, reader) = Body(text, body, close, ended);
        if (reader is null)
            return CallMatch.Undecided;

        // In the middle of a line, with words behind it, it is shown and not made.
        if (!atLineStart && !reader.IsOpen)
        {
            var next = after;
            while (next < text.Length && text[next] is ' ' or '\t')
                next++;
            if (next >= text.Length && !ended)
                return CallMatch.Undecided;
            if (next < text.Length && text[next] is not ('\n' or '\r' or '<' or '['))
                return CallMatch.None;
        }

        return Judge(reader, text[body..end].Trim(), after, isMarked: true, mayTell: atLineStart);
    }

    // A closing mark within a string, or an argument, is not the one.
    private (int End, int After, CallReader? Reader) Body(string text, int from, string? close, bool ended)
    {
        (int End, int After, CallReader? Reader) first = (text.Length, text.Length, null);
        if (close is not null)
        {
            var last = Math.Max(from, 0);
            while (text.IndexOf(close, last, StringComparison.OrdinalIgnoreCase) is var end and >= 0)
            {
                last = end + close.Length;
                var whole = from == 0 || text[from] == '<' ? last : end;
                var reader = new CallReader(text[..whole], from, names).ReadAll();
                if (!reader.IsOpen)
                    return (whole, last, reader);
                if (first.Reader is null)
                    first = (whole, last, reader);
            }
        }

        if (!ended)
            return (0, 0, null);
        return first.Reader is not null ? first : (text.Length, text.Length, new CallReader(text, from, names).ReadAll());
    }

    private CallMatch Judge(CallReader reader, string written, int after, bool isMarked, bool mayTell)
    {
        var known = reader.Calls.Count > 0 && reader.Problem is null && reader.Calls.All(c => c.Tool is not null && names.Find(c.Tool) is not null);
        if (known && (isTaught || (!reader.IsShort && reader.Calls.All(static c => c.Arguments is not null))))
            return new CallMatch(CallMatchKind.Calls, after, reader.Calls, isMarked);
        if (!isTaught || !mayTell)
            return CallMatch.None;

        // What is meant as calls and cannot be carried out is told to the model.
        var meant = WrittenName().Match(written) is { Success: true } name ? names.Find(name.Groups["name"].Value) : null;
        if (reader.Problem is null && reader.Calls.Count > 0 && isMarked)
            return new CallMatch(CallMatchKind.Calls, after, reader.Calls, isMarked);
        if (!isMarked && meant is null)
            return CallMatch.None;
        var broken = new TextCall(meant, null, written, reader.Problem ?? "it holds no call");
        return new CallMatch(CallMatchKind.Calls, after, [.. reader.Calls, broken], isMarked);
    }

    // ```json … ```
    private CallMatch Fenced(string text, int at, bool ended)
    {
        var mark = text[at];
        var run = at;
        while (run < text.Length && text[run] == mark)
            run++;
        var line = text.IndexOf('\n', at);
        if (line < 0)
            return ended || text.Length - at > 30 || (run < text.Length && run - at < 3) ? CallMatch.None : CallMatch.Undecided;
        if (run - at < 3)
            return CallMatch.None;

        var body = SkipSpace(text, line);
        var begin = body < text.Length && text[body] == '`' ? CallMatchKind.None : MayBeCalls(text, body, ended);
        if (begin != CallMatchKind.Calls)
            return begin == CallMatchKind.None ? CallMatch.None : CallMatch.Undecided;

        var (end, after, reader) = Body(text, body, "\n" + new string(mark, run - at), ended);
        if (reader is null)
            return CallMatch.Undecided;

        while (after < text.Length && text[after] == mark)
            after++;
        return Judge(reader, text[body..end].Trim(), after, s_callFences.Contains(text[run..line].Trim()), mayTell: true);
    }

    // {"name": …} or [read(…)] at the beginning of a line
    private CallMatch Bare(string text, int at, bool ended)
    {
        var begin = MayBeCalls(text, at, ended);
        if (begin != CallMatchKind.Calls)
            return begin == CallMatchKind.None ? CallMatch.None : CallMatch.Undecided;

        var reader = new CallReader(text, at, names);
        reader.ReadNext();
        if (!ended && (reader.IsOpen || reader.IsShort || reader.IsUnfinished))
            return CallMatch.Undecided;
        if (reader.Problem is null)
            return Judge(reader, text[at..reader.At].Trim(), reader.At, isMarked: false, mayTell: false);

        // Broken JSON that names a tool before it breaks is told; where it would have ended nobody knows.
        if (!isTaught || WrittenName().Match(text[at..reader.BrokenAt]) is not { Success: true } name || names.Find(name.Groups["name"].Value) is null)
            return CallMatch.None;
        return ended ? Judge(reader, text[at..].Trim(), text.Length, isMarked: false, mayTell: true) : CallMatch.Undecided;
    }

    // Action: read …, read(path="a"), read {"path": "a"}
    private CallMatch Named(string text, int at, bool ended)
    {
        var reAct = ReActShape.Match(text, at, names, ended);
        if (reAct.Kind != CallMatchKind.None)
            return reAct;
        if (!char.IsLetter(text[at]) && text[at] != '_')
            return CallMatch.None;

        var end = at;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '.' or '-'))
            end++;
        var name = text[at..end];
        if (end >= text.Length)
            return !ended && names.MayBecome(name) ? CallMatch.Undecided : CallMatch.None;
        if (names.Find(name) is null)
            return CallMatch.None;

        var next = SkipSpace(text, end);
        if (next >= text.Length)
            return ended ? CallMatch.None : CallMatch.Undecided;
        return text[next] is '(' or '{' ? Bare(text, at, ended) : CallMatch.None;
    }

    // Told by the first characters, so that what is text is shown at once.
    private CallMatchKind MayBeCalls(string text, int at, bool ended)
    {
        if (at >= text.Length)
            return ended ? CallMatchKind.None : CallMatchKind.Undecided;

        switch (text[at])
        {
            case '<':
                return CallTag.Read(text, at) is { } tag ? CallTag.IsCall(tag.Name) || CallTag.IsName(tag.Name) || names.Find(tag.Name) is not null || tag.Name == "arg_key" ? CallMatchKind.Calls : CallMatchKind.None
                    : CallTag.SpecialTokenAt(text, at) > 0 ? CallMatchKind.Calls
                    : ended || text.Length - at > LongestTag || text.AsSpan(at).Contains('\n') ? CallMatchKind.None : CallMatchKind.Undecided;
            case '`':
                return text.IndexOf('\n', at) is var line and >= 0 ? MayBeCalls(text, SkipSpace(text, line), ended)
                    : ended || text.Length - at > 30 ? CallMatchKind.None : CallMatchKind.Undecided;
            case '[':
                return MayBeCalls(text, SkipSpace(text, at + 1), ended);
            case '{':
                return MayBeObject(text, at, ended);
        }

        if (!ended && CallReader.BeforeNames.Any(b => b.StartsWith(text[at..], StringComparison.Ordinal)))
            return CallMatchKind.Undecided;
        var match = FirstName().Match(text, at);
        var end = match.Index + match.Length;
        if (match.Length == 0)
            return CallMatchKind.None;
        if (end >= text.Length)
            return ended || !names.MayBecome(match.Groups["name"].Value) && match.Length > 20 ? CallMatchKind.None : CallMatchKind.Undecided;
        return names.Find(match.Groups["name"].Value) is not null ? CallMatchKind.Calls : CallMatchKind.None;
    }

    private CallMatchKind MayBeObject(string text, int at, bool ended)
    {
        var start = SkipSpace(text, at + 1);
        while (start < text.Length && text[start] is '"' or '\'' or '“')
            start++;
        var end = start;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '-' or '.'))
            end++;
        if (end >= text.Length && ended)
            return CallMatchKind.None;
        if (start < text.Length && end == start)
            return CallMatchKind.None;
        return !CallJson.MayBegin(text[start..end], end < text.Length, names) ? CallMatchKind.None
            : end < text.Length ? CallMatchKind.Calls : CallMatchKind.Undecided;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    // "name": "read"
    [GeneratedRegex("""["'“]?(?:name|tool|tool_name|function|function_name|action)["'”]?\s*[:=]\s*["'“]?(?<name>[A-Za-z0-9_.-]+)|<(?:function=|invoke\s+name=")(?<name>[A-Za-z0-9_.-]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex WrittenName();

    // read, functions.read, call:read, function<｜tool▁sep｜>read, to=functions.read
    [GeneratedRegex(@"\G(?:call:|function<｜tool▁sep｜>|print\(|to=)?(?<name>[A-Za-z0-9_.-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex FirstName();
}
