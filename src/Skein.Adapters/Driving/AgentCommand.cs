namespace Skein.Adapters.Driving;

/// <summary>How a driven agent's program is started.</summary>
/// <param name="Program">A name that is looked for in <c>PATH</c>, or an absolute path.</param>
/// <param name="Arguments">Without the program itself.</param>
/// <param name="Variables">Names of variables that the program sees beside those that tools see; a <c>*</c> at the end stands for any ending. Its keys, mostly.</param>
public sealed record AgentCommand(string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Variables)
{
    /// <summary>Set for the program, whatever the server's environment has.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>As it would be typed.</summary>
    public override string ToString() => string.Join(' ', [Program, .. Arguments]);

    /// <summary>All that the program sees.</summary>
    /// <param name="tools">What tools see.</param>
    /// <param name="all">What the server was started with.</param>
    public IReadOnlyDictionary<string, string> EnvironmentOf(IReadOnlyDictionary<string, string> tools, IReadOnlyDictionary<string, string> all)
    {
        var seen = new Dictionary<string, string>(tools, StringComparer.Ordinal);
        foreach (var (name, value) in all.Where(v => Variables.Any(pattern => Matches(pattern, v.Key))))
            seen[name] = value;
        foreach (var (name, value) in Environment)
            seen[name] = value;
        return seen;
    }

    /// <summary>The names of what the program sees beside what tools see.</summary>
    /// <param name="all">What the server was started with.</param>
    public IReadOnlySet<string> OwnVariables(IReadOnlyDictionary<string, string> all) =>
        all.Keys.Where(name => Variables.Any(pattern => Matches(pattern, name))).Concat(Environment.Keys).ToHashSet(StringComparer.Ordinal);

    /// <summary>Splits a command as it is typed: blanks divide, quotes keep together, a backslash takes the next character as it is.</summary>
    /// <returns>Null: a quote does not end.</returns>
    public static IReadOnlyList<string>? Split(string text)
    {
        var (words, word, quote, begun) = (new List<string>(), new System.Text.StringBuilder(), '\0', false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                (begun, word) = (true, word.Append(text[++i]));
            else if (quote != '\0' ? c == quote : c is '"' or '\'')
                (begun, quote) = (true, quote == '\0' ? c : '\0');
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (begun)
                    words.Add(word.ToString());
                (begun, word) = (false, word.Clear());
            }
            else
                (begun, word) = (true, word.Append(c));
        }

        if (begun)
            words.Add(word.ToString());
        return quote == '\0' ? words : null;
    }

    private static bool Matches(string pattern, string name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern;
}
