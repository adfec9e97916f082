namespace Skein.Agent.Tools.Searching;

/// <summary>
/// What <c>.gitignore</c> files say, from the repository's root down to a folder; the last rule that matches wins. Immutable: a folder's
/// rules are its parent's and its own.
/// </summary>
internal sealed class IgnoreRules
{
    private const long MostBytes = 1 << 20;
    private readonly IgnoreRules? _parent;
    private readonly int _below;
    private readonly List<Rule> _rules = [];

    private IgnoreRules(IgnoreRules? parent, string folder)
    {
        // A repository in another has rules of its own, and those of a repository give way to the ones of its folders.
        var git = Path.Combine(folder, ".git");
        var isRepository = Path.Exists(git);
        _parent = isRepository ? null : parent is { _rules.Count: 0 } ? parent._parent : parent;
        _below = Path.EndsInDirectorySeparator(folder) ? folder.Length : folder.Length + 1;
        if (isRepository)
            Read(Path.Combine(git, "info", "exclude"));
        Read(Path.Combine(folder, ".gitignore"));
    }

    /// <summary>The rules that hold in a folder, those of the folders above it in its repository included.</summary>
    public static IgnoreRules For(string folder)
    {
        var above = new Stack<string>();
        for (var f = folder; f is not null; f = Path.GetDirectoryName(f))
        {
            above.Push(f);
            if (Path.Exists(Path.Combine(f, ".git")))
                return above.Aggregate((IgnoreRules?)null, static (rules, next) => new IgnoreRules(rules, next))!;
        }

        return new IgnoreRules(null, folder);
    }

    /// <summary>Whether a folder in which there is something of this name may have rules of its own.</summary>
    public static bool HaveIn(string name) => name is ".git" or ".gitignore";

    public IgnoreRules In(string folder) => new(this, folder);

    /// <param name="path">Absolute; its folders are known not to be ignored.</param>
    public bool Ignores(string path, string name, bool isFolder)
    {
        if (name == ".git")
            return true;

        for (var rules = this; rules is not null; rules = rules._parent)
        {
            for (var i = rules._rules.Count - 1; i >= 0; i--)
            {
                var rule = rules._rules[i];
                if ((isFolder || !rule.FoldersOnly) && rule.Matches(path, name, rules._below))
                    return !rule.Negated;
            }
        }

        return false;
    }

    private void Read(string path)
    {
        // A link could lead anywhere, git does not follow it either; a file of many megabytes is no list of rules.
        var file = new FileInfo(path);
        if (!file.Exists || file.LinkTarget is not null || file.Length is 0 or > MostBytes)
            return;

        try
        {
            foreach (var line in File.ReadLines(path))
            {
                if (Rule.Parse(line) is { } rule)
                    _rules.Add(rule);
            }
        }
        catch (UnauthorizedAccessException)
        {
            // As git does: what cannot be read has no rules. Showing too much of what may be read anyway harms nobody.
        }
    }

    /// <param name="OfNames">It is for names in every folder below, not for paths.</param>
    private sealed record Rule(Glob Glob, bool OfNames, bool Negated, bool FoldersOnly)
    {
        /// <param name="below">Where in the path the one from the rules' folder on begins.</param>
        public bool Matches(string path, string name, int below) =>
            OfNames ? Glob.MatchesText(name) : Glob.Matches(path[below..].Replace(Path.DirectorySeparatorChar, '/'));

        public static Rule? Parse(string line)
        {
            var pattern = WithoutEnd(line);
            if (pattern.Length == 0 || pattern[0] == '#')
                return null;

            var negated = pattern[0] == '!';
            pattern = negated ? pattern[1..] : pattern;
            var foldersOnly = pattern.EndsWith('/');
            pattern = foldersOnly ? pattern[..^1] : pattern;
            if (pattern.Length == 0)
                return null;

            // A pattern with a slash in it belongs to its own folder, one without to every folder below.
            if (!pattern.Contains('/'))
                return new Rule(Glob.ForText(pattern), OfNames: true, negated, foldersOnly);

            pattern = pattern.StartsWith('/') ? pattern[1..] : pattern;
            if (pattern.EndsWith("/**", StringComparison.Ordinal))
                pattern += "/*"; // All below the folder, not the folder itself.
            return new Rule(Glob.ForPaths(pattern), OfNames: false, negated, foldersOnly);
        }

        // Spaces at the end do not count, but for one behind a backslash.
        private static string WithoutEnd(string line)
        {
            var end = line.Length;
            while (end > 0 && line[end - 1] == ' ' && !IsEscaped(line, end - 1))
                end--;
            return line[..end];
        }

        private static bool IsEscaped(string line, int at)
        {
            var backslashes = 0;
            while (at > backslashes && line[at - 1 - backslashes] == '\\')
                backslashes++;
            return backslashes % 2 == 1;
        }
    }
}
