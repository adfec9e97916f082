namespace Skein.Agent.Tools;

/// <summary>
/// What <c>.gitignore</c> files say, from the repository's root down to a folder; the last rule that matches wins. Immutable: a folder's
/// rules are its parent's and its own.
/// </summary>
internal sealed class IgnoreRules
{
    private const long MostBytes = 1 << 20;
    private readonly IgnoreRules? _parent;
    private readonly string _folder;
    private readonly List<Rule> _rules = [];

    private IgnoreRules(IgnoreRules? parent, string folder)
    {
        _parent = parent;
        _folder = folder;
        Read(Path.Combine(folder, ".gitignore"));
        if (Directory.Exists(Path.Combine(folder, ".git")))
            Read(Path.Combine(folder, ".git", "info", "exclude"));
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

    public IgnoreRules In(string folder) => new(this, folder);

    /// <param name="path">Absolute; its folders are known not to be ignored.</param>
    public bool Ignores(string path, bool isFolder)
    {
        if (Path.GetFileName(path) == ".git")
            return true;

        for (var rules = this; rules is not null; rules = rules._parent)
        {
            var relative = Path.GetRelativePath(rules._folder, path).Replace(Path.DirectorySeparatorChar, '/');
            for (var i = rules._rules.Count - 1; i >= 0; i--)
            {
                var rule = rules._rules[i];
                if ((isFolder || !rule.FoldersOnly) && rule.Glob.Matches(relative))
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

    private sealed record Rule(Glob Glob, bool Negated, bool FoldersOnly)
    {
        public static Rule? Parse(string line)
        {
            var pattern = line.EndsWith("\\ ", StringComparison.Ordinal) ? line : line.TrimEnd();
            if (pattern.Length == 0 || pattern[0] == '#')
                return null;

            var negated = pattern[0] == '!';
            pattern = negated ? pattern[1..] : pattern;
            var foldersOnly = pattern.EndsWith('/');
            pattern = foldersOnly ? pattern[..^1] : pattern;
            if (pattern.Length == 0)
                return null;

            // A pattern with a slash in it belongs to its own folder, one without to every folder below.
            pattern = pattern.Contains('/') ? pattern.TrimStart('/') : "**/" + pattern;
            if (pattern.EndsWith("/**", StringComparison.Ordinal))
                pattern += "/*"; // All below the folder, not the folder itself.
            return new Rule(Glob.ForPaths(pattern), negated, foldersOnly);
        }
    }
}
