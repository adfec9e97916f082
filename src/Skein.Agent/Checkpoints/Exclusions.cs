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

    // What each written file was made of, and was, when it last said what it should: at most snapshots all of it is as it was.
    private readonly ConcurrentDictionary<string, IReadOnlyList<(string Path, FileStatus? Status)>> _known = new(StringComparer.Ordinal);

    /// <summary>Writes a file of them, where it would say something else than it does.</summary>
    /// <param name="now">The time before this.</param>
    /// <returns>Whether it did.</returns>
    public async Task<bool> WriteAsync(string file, string root, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(file, out var known) && known.All(static was => StatusOf(was.Path) == was.Status))
            return false;

        var everywhere = await _everywhere.Value;
        var repository = GitRepository.Find(root) is { } found && found.Root == root ? found : null;
        var own = repository is null ? null : Path.Combine(repository.CommonFolder, "info", "exclude");
        string?[] places = [everywhere, Path.Combine(root, ".git"), repository is null ? null : Path.Combine(repository.Folder, "commondir"), own, file];
        var seen = places.OfType<string>().Select(static path => (path, StatusOf(path))).ToList();

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
            if (seen.All(was => IsTelling(was.Item2, now)))
                _known[file] = seen;
            return false;
        }

        _known.TryRemove(file, out _);
        await File.WriteAllTextAsync(file, wanted, cancellationToken);
        return true;
    }

    // Of a folder it counts that it is the same one, not what is done in it.
    private static FileStatus? StatusOf(string path)
    {
        try
        {
            return FileStatus.Of(path) is not { } status ? null : status.IsFolder ? new FileStatus(status.Kind, status.Device, status.Inode, 0, 0, 0) : status;
        }
        catch (IOException)
        {
            // Neither nothing nor what it was.
            return default(FileStatus);
        }
    }

    // Where a link leads is not told of it.
    private static bool IsTelling(FileStatus? status, DateTimeOffset now) =>
        status is null or { IsFolder: true } || (status is { IsFile: true } file && TreeWitness.IsSettled(file, now));

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
