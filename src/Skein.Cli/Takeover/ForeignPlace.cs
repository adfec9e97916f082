using Skein.Cli.Composition;

namespace Skein.Cli.Takeover;

/// <summary>Where another agent's settings are looked for: in a project, or at its user's home.</summary>
/// <param name="Folder">The project, or the home.</param>
/// <param name="Variable">The environment.</param>
internal sealed record ForeignPlace(string Folder, bool IsUser, Func<string, string?> Variable)
{
    public static ForeignPlace Of(Surroundings surroundings, bool isUser) => new(
        isUser ? surroundings.Variable("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) : surroundings.Folder,
        isUser, surroundings.Variable);

    /// <summary>A path as people are told it.</summary>
    public string Shown(string path) => IsUser ? path : Path.GetRelativePath(Folder, path);

    public IEnumerable<string> Markdown(params ReadOnlySpan<string> folders)
    {
        var found = new List<string>();
        foreach (var folder in folders)
        {
            var path = Path.Combine(Folder, folder);
            if (Directory.Exists(path))
                found.AddRange(Directory.EnumerateFiles(path, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        }

        return found;
    }
}
