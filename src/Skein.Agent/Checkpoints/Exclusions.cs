using System.Collections.Concurrent;
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

    // For each written file, itself and what it was made of when it last said what it should: at most of the snapshots all of that is as it was.
    private readonly ConcurrentDictionary<string, TreeWitness> _witnesses = new(StringComparer.Ordinal);

    /// <summary>Writes a file of them, where it would say something else than it does.</summary>
    /// <param name="now">The time before this.</param>
    /// <returns>Whether it did.</returns>
    public async Task<bool> WriteAsync(string file, string root, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_witnesses.TryGetValue(file, out var known) && known.IsUnchanged(now))
            return false;

        var everywhere = await _everywhere.Value;
        var repository = GitRepository.Find(root) is { } found && found.Root == root ? found : null;
        var own = repository is null ? null : Path.Combine(repository.CommonFolder, "info", "exclude");
        List<string> sources = [file, everywhere];
        if (repository is not null)
            sources.AddRange([own!, Path.Combine(repository.Folder, "commondir")]);
        // A folder is touched by all that git does; what matters in it is among the files.
        if (Path.Combine(root, ".git") is var place && place != repository?.Folder)
            sources.Add(place);
        var witness = Witness(sources, now);

        var text = new StringBuilder();
        text.Append(Read(everywhere)).Append('\n');
        if (own is not null)
            text.Append(Read(own)).Append('\n');
        text.Append(WorkTree.RestoringPrefix).Append("*\n");
        foreach (var folder in hidden)
        {
            if (Path.GetRelativePath(root, folder) is var inside && !Path.IsPathRooted(inside) && inside is not "." && !inside.StartsWith("..", StringComparison.Ordinal))
                text.Append('/').Append(Escaped(inside.Replace(Path.DirectorySeparatorChar, '/'))).Append("/\n");
        }

        var wanted = text.ToString();
        if (Read(file) == wanted)
        {
            if (witness is not null)
                _witnesses[file] = witness;
            return false;
        }

        await File.WriteAllTextAsync(file, wanted, cancellationToken);
        return true;
    }

    /// <returns>Null where one of them does not tell enough: it was just written, or is a link, of which it is not told where it leads.</returns>
    private static TreeWitness? Witness(IEnumerable<string> files, DateTimeOffset now)
    {
        var witness = new TreeWitness();
        try
        {
            foreach (var file in files)
            {
                var status = FileStatus.Of(file);
                if (status is { } known && !(known.IsFile && TreeWitness.IsSettled(known, now)))
                    return null;
                witness.AddFile(file, status);
            }

            return witness;
        }
        catch (IOException)
        {
            return null;
        }
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
