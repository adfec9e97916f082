using Skein.Agent.Permissions;

namespace Skein.Agent.Skills;

/// <summary>
/// The tools that a skill names as its own (<c>allowed-tools</c>). A file never widens what may be done: the names narrow it, other calls
/// are asked about. Names that Claude Code has for the same tools are understood.
/// </summary>
internal static class SkillTools
{
    private static readonly Dictionary<string, string> s_names = new(StringComparer.Ordinal)
    {
        ["MultiEdit"] = "edit",
        ["LS"] = "list",
        ["WebFetch"] = "fetch",
        ["TodoWrite"] = "todo",
    };

    /// <summary>Takes <c>Read, Bash(git add:*) Write</c> apart: at commas and blanks outside of parentheses.</summary>
    public static IReadOnlyList<string> Split(string line)
    {
        var names = new List<string>();
        var (start, depth) = (0, 0);
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] is '(' or ')')
                depth += line[i] == '(' ? 1 : -1;
            if (i < line.Length && (depth > 0 || (line[i] != ',' && !char.IsWhiteSpace(line[i]))))
                continue;

            if (i > start)
                names.Add(line[start..i]);
            start = i + 1;
        }

        return names;
    }

    /// <summary>What the names allow, as rules.</summary>
    public static PermissionRules Rules(IEnumerable<string> names) => new([.. names.SelectMany(Rules)], [], []);

    private static IEnumerable<PermissionRule> Rules(string name)
    {
        var open = name.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || !name.EndsWith(')'))
            return [Allow(name, "*")];

        // In 'git:*' the words before the colon are what the command begins with.
        var (tool, pattern) = (name[..open], name[(open + 1)..^1]);
        if (ToolOf(tool) == "fetch" && pattern.StartsWith("domain:", StringComparison.Ordinal))
            return [Allow(tool, pattern["domain:".Length..])];
        return pattern.EndsWith(":*", StringComparison.Ordinal)
            ? [Allow(tool, pattern[..^2]), Allow(tool, pattern[..^2] + " *")]
            : [Allow(tool, pattern)];
    }

    private static PermissionRule Allow(string tool, string pattern) =>
        new(ToolOf(tool), pattern, RuleAction.Allow);

    /// <summary>Skein's name of a tool.</summary>
    public static string ToolOf(string name) =>
        s_names.GetValueOrDefault(name) ?? (name.StartsWith("mcp__", StringComparison.Ordinal) ? name : name.ToLowerInvariant());
}
