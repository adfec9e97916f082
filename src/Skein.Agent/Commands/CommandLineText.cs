using System.Text.RegularExpressions;

namespace Skein.Agent.Commands;

/// <summary>What was typed to call something by its name: <c>/name</c>, and all behind it.</summary>
/// <param name="Name">Without its slash.</param>
/// <param name="Arguments">As they were typed.</param>
public sealed partial record CommandLineText(string Name, string Arguments)
{
    /// <returns>Null where the text is no such call: a path, say.</returns>
    public static CommandLineText? Parse(string text) =>
        Call().Match(text) is { Success: true } call ? new CommandLineText(call.Groups[1].Value, call.Groups[2].Value.Trim()) : null;

    /// <summary>The arguments one by one: quotes hold together what has blanks.</summary>
    public IReadOnlyList<string> Words => [.. Word().Matches(Arguments).Select(static m => m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Success ? m.Groups[2].Value : m.Value)];

    /// <summary>A text with <c>$ARGUMENTS</c> and <c>$1</c> to <c>$9</c> filled in; where it has none of them the arguments stand below it.</summary>
    public string FillIn(string text)
    {
        var words = Words;
        var filled = Place().Replace(text, m => m.Groups[1].Success ? words.ElementAtOrDefault(m.Groups[1].Value[0] - '1') ?? "" : Arguments);
        return Arguments.Length == 0 || Place().IsMatch(text) ? filled : $"{filled}\n\n{Arguments}";
    }

    public override string ToString() => Arguments.Length == 0 ? $"/{Name}" : $"/{Name} {Arguments}";

    [GeneratedRegex(@"\A/([A-Za-z0-9][A-Za-z0-9_.:-]*)(?:\s+(.*))?\z", RegexOptions.Singleline)]
    private static partial Regex Call();

    [GeneratedRegex("\"([^\"]*)\"|'([^']*)'|\\S+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\$ARGUMENTS\b|\$([1-9])(?![0-9])")]
    private static partial Regex Place();
}
