using System.Text;
using Skein.Agent.Git;
using Skein.Agent.Projects;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// What snapshots leave out beyond what the <c>.gitignore</c> files of a workspace say: what the user ignores everywhere and in this
/// repository, Skein's own folders, and what a restore has not finished. Safe for use by many threads.
/// </summary>
/// <param name="hidden">Skein's own folders: absolute, without links.</param>
/// <param name="home">The user's home folder.</param>
/// <param name="configuration">The folder of the user's configuration.</param>
internal sealed class Exclusions(IReadOnlyList<string> hidden, string home, string configuration, GitProgram git)
{
    private readonly Lazy<Task<string>> _everywhere = new(() => FindEverywhereAsync(home, configuration, git));

    /// <summary>Writes a file of them, where it would say something else than it does.</summary>
    /// <returns>Whether it did.</returns>
    public async Task<bool> WriteAsync(string file, string root, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        text.Append(Read(await _everywhere.Value)).Append('\n');
        if (GitRepository.Find(root) is { } repository && repository.Root == root)
            text.Append(Read(Path.Combine(repository.CommonFolder, "info", "exclude"))).Append('\n');
        text.Append(WorkTree.RestoringPrefix).Append("*\n");
        foreach (var folder in hidden)
        {
            if (Path.GetRelativePath(root, folder) is var inside && !Path.IsPathRooted(inside) && inside is not "." && !inside.StartsWith("..", StringComparison.Ordinal))
                text.Append('/').Append(Escaped(inside.Replace(Path.DirectorySeparatorChar, '/'))).Append("/\n");
        }

        var wanted = text.ToString();
        if (Read(file) == wanted)
            return false;
        await File.WriteAllTextAsync(file, wanted, cancellationToken);
        return true;
    }

    // Asked for one value, git reads the user's own configuration, and runs nothing of it.
    private static async Task<string> FindEverywhereAsync(string home, string configuration, GitProgram git)
    {
        var usual = Path.Combine(configuration, "git", "ignore");
        foreach (var file in (string[])[Path.Combine(home, ".gitconfig"), Path.Combine(configuration, "git", "config")])
        {
            try
            {
                if (File.Exists(file))
                    return await git.AskAsync(home, new Dictionary<string, string> { ["HOME"] = home }, ["config", "--file", file, "--includes", "--type=path", "core.excludesFile"], null, CancellationToken.None);
            }
            catch (GitException)
            {
                // It does not say, or cannot be read: its user's own git would complain.
            }
        }

        return usual;
    }

    // Small files in the page cache, at every snapshot: a thread of the pool for each costs more than they do.
    private static string Read(string file)
    {
        try
        {
            return RealPath.FileAt(file) is { Exists: true, Length: > 0 and < 1 << 20 } ? File.ReadAllText(file) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Escaped(string path) =>
        string.Concat(path.Select(static c => c is '*' or '?' or '[' or '\\' or '!' or '#' or ' ' ? $"\\{c}" : c.ToString()));
}
