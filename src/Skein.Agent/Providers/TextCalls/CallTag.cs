using System.Text.RegularExpressions;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>A tag that may be a call's or an argument's.</summary>
/// <param name="Name">In lower case, without a space of names before it.</param>
/// <param name="Written">As it was written, also in its closing tag.</param>
/// <param name="Value">What it names: <c>&lt;function=read&gt;</c> and <c>&lt;invoke name="read"&gt;</c> name a tool.</param>
internal sealed partial record CallTag(string Name, string Written, string? Value, bool IsClosing, int End)
{
    private static readonly HashSet<string> s_calls =
    [
        "tool_call", "tool_calls", "toolcall", "tool", "tools", "tool_use", "tool_request", "function", "function_call", "function_calls", "functioncall", "invoke", "call",
    ];

    private static readonly HashSet<string> s_names = ["name", "tool_name", "function_name"];
    private static readonly HashSet<string> s_arguments = ["arguments", "parameters", "args", "params", "input", "tool_input", "tool_arguments"];

    public static bool IsCall(string name) => s_calls.Contains(name);

    public static bool IsName(string name) => s_names.Contains(name);

    public static bool IsArguments(string name) => s_arguments.Contains(name);

    /// <returns>Null: none stands there.</returns>
    public static CallTag? Read(string text, int at)
    {
        if (at >= text.Length || text[at] != '<' || Tag().Match(text, at) is not { Success: true } match)
            return null;

        var value = match.Groups["value"] is { Success: true } given ? given.Value : null;
        var written = match.Groups["written"].Value;
        return new CallTag(match.Groups["name"].Value.ToLowerInvariant(), written, value, match.Groups["closing"].Length > 0, match.Index + match.Length);
    }

    /// <summary>How long the model's own token that stands there is; 0: none does.</summary>
    public static int SpecialTokenAt(string text, int at) => at < text.Length && text[at] == '<' && SpecialToken().Match(text, at) is { Success: true } match ? match.Length : 0;

    /// <summary>
    /// Where the element's text ends, and where the text goes on after its closing tag: the first that is followed by another tag or
    /// nothing, since a file's content may hold such a tag too. Where it is missing, the next argument ends it.
    /// </summary>
    /// <returns>(-1, -1): nowhere.</returns>
    public (int End, int After) FindClosing(string text, int from)
    {
        var closing = $"</{Written}>";
        string[] others = Value is null ? [] : [$"\n<{Written}=", $"\n<{Written} "];
        var other = others.Select(e => text.IndexOf(e, from, StringComparison.Ordinal)).Where(static i => i >= 0).DefaultIfEmpty(text.Length).Min();
        for (var at = text.IndexOf(closing, from, StringComparison.OrdinalIgnoreCase); at >= 0 && at < other; at = text.IndexOf(closing, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var next = at + closing.Length;
            while (next < text.Length && char.IsWhiteSpace(text[next]))
                next++;
            if (next >= text.Length || text[next] == '<')
                return (at, at + closing.Length);
        }

        return other < text.Length ? (other, other) : (-1, -1);
    }

    // <tool_call>, <function=read>, <invoke name="read">, <minimax:tool_call>, <｜DSML｜parameter name="path" string="true">
    [GeneratedRegex("""\G<(?<closing>/?)(?<written>(?:[a-z]+:|｜[A-Z]+｜)?(?<name>[A-Za-z_][A-Za-z0-9_-]{0,63}))(?:\s*=\s*"?(?<value>[^\s<>"]{1,64})"?|\s+name\s*=\s*["'](?<value>[^"'<>]{1,64})["'])?(?:\s+[a-z_]+\s*=\s*"[^"<>]*")*\s*>""", RegexOptions.ExplicitCapture)]
    private static partial Regex Tag();

    // <|eom_id|>, <｜tool▁call▁end｜>, </s>; not what Gemma quotes its strings with.
    [GeneratedRegex("""\G(?:<[|｜][^|｜<>"]{1,40}[|｜]?>|<[a-z_]{1,40}\|>|</s>|<end_of_turn>)""", RegexOptions.ExplicitCapture)]
    private static partial Regex SpecialToken();
}
