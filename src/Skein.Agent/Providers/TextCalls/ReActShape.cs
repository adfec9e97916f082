using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Skein.Agent.Providers.TextCalls;

/// <summary><c>Action: read</c> and <c>Action Input: {…}</c> on lines of their own, as agents of the first generation were taught.</summary>
internal static partial class ReActShape
{
    private static readonly string[] s_actions = ["Action:", "**Action:**", "**Action**:", "Action :"];

    public static CallMatch Match(string text, int at, ToolNames names, bool ended)
    {
        var rest = text.AsSpan(at);
        var action = s_actions.FirstOrDefault(a => text.AsSpan(at).StartsWith(a, StringComparison.Ordinal));
        if (action is null)
        {
            foreach (var begun in s_actions)
                if (!ended && begun.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                    return CallMatch.Undecided;
            return CallMatch.None;
        }

        // A name, or a call as a whole: Action: ```json [{"tool_name": …}]```
        var start = at + action.Length;
        while (start < text.Length && char.IsWhiteSpace(text[start]))
            start++;
        if (start >= text.Length)
            return ended ? CallMatch.None : CallMatch.Undecided;
        if (text[start] is '{' or '[')
            return Whole(text, start, names, ended);
        if (text.AsSpan(start).StartsWith("```", StringComparison.Ordinal))
            return text.IndexOf('\n', start) is var line and >= 0 ? Whole(text, line, names, ended) : ended ? CallMatch.None : CallMatch.Undecided;

        if (ActionName().Match(text, start) is not { Success: true } named)
            return !ended && text.AsSpan(start).IndexOfAnyExcept("`*[\"") < 0 ? CallMatch.Undecided : CallMatch.None;
        var end = named.Index + named.Length;
        if (end >= text.Length && !ended)
            return names.MayBecome(named.Groups["name"].Value) ? CallMatch.Undecided : CallMatch.None;
        if (names.Find(named.Groups["name"].Value) is not { } tool)
            return CallMatch.None;
        if (end < text.Length && text[end] == '(')
            return Whole(text, named.Groups["name"].Index, names, ended);

        if (InputLine().Match(text, end) is not { Success: true } input)
            // Some of it may be there already.
            return !ended && text.Length - end < 40 ? CallMatch.Undecided : CallMatch.None;

        return Input(text, input.Index + input.Length, tool, names, ended);
    }

    private static CallMatch Input(string text, int at, string tool, ToolNames names, bool ended)
    {
        if (at >= text.Length && !ended)
            return CallMatch.Undecided;

        var json = new LooseJson(text, at);
        json.SkipSpace();
        if (json.At < text.Length && text[json.At] == '{')
        {
            var start = json.At;
            try
            {
                var arguments = (JsonObject)json.Value()!;
                if (json.IsShort && !ended)
                    return CallMatch.Undecided;
                return WithoutObservation(text, json.At, [CallJson.Whole(tool, arguments, text[start..json.At], names)], ended);
            }
            catch (FormatException e)
            {
                return !ended ? CallMatch.Undecided : WithoutObservation(text, text.Length, [new TextCall(tool, null, text[start..], e.Message)], ended);
            }
        }

        // A line of text is the one argument that the tool needs.
        var line = text.IndexOf('\n', at);
        if (line < 0 && !ended)
            return CallMatch.Undecided;
        var end = line < 0 ? text.Length : line;
        var said = text[at..end].Trim().Trim('"', '\'', '`');
        var known = names.ArgumentsOf(tool);
        return said.Length == 0 || known.Count == 0 ? CallMatch.None
            : WithoutObservation(text, end, [CallJson.Whole(tool, new JsonObject { [known[0]] = said }, text[at..end], names)], ended);
    }

    private static CallMatch Whole(string text, int at, ToolNames names, bool ended)
    {
        var reader = new CallReader(text, at, names);
        reader.ReadNext();
        if (!ended && (reader.IsOpen || reader.IsShort || reader.IsUnfinished || reader.At >= text.Length))
            return CallMatch.Undecided;
        return reader.Calls.Count > 0 && reader.Calls.All(c => c.Tool is not null && names.Find(c.Tool) is not null)
            ? WithoutObservation(text, reader.At, reader.Calls, ended)
            : CallMatch.None;
    }

    // What a model says that the tool answered, before it was asked, is nobody's word.
    private static CallMatch WithoutObservation(string text, int at, IReadOnlyList<TextCall> calls, bool ended)
    {
        const string observation = "Observation:";
        var next = at;
        while (next < text.Length && (char.IsWhiteSpace(text[next]) || text[next] == '`'))
            next++;
        var rest = text.AsSpan(next);
        if (rest.StartsWith(observation, StringComparison.Ordinal))
            return ended ? new CallMatch(CallMatchKind.Calls, text.Length, calls) : CallMatch.Undecided;
        return !ended && observation.AsSpan().StartsWith(rest, StringComparison.Ordinal) ? CallMatch.Undecided : new CallMatch(CallMatchKind.Calls, next, calls);
    }

    [GeneratedRegex(@"\G[`*\[""]*(?<name>[A-Za-z0-9_.-]+)[`*\]""]*", RegexOptions.ExplicitCapture)]
    private static partial Regex ActionName();

    [GeneratedRegex(@"\G[ \t]*\r?\n\s*\**(Action Input|Action Arguments|Arguments|Input)\**\s*:\**[ \t]*", RegexOptions.ExplicitCapture)]
    private static partial Regex InputLine();
}
