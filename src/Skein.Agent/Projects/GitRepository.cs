using Skein.Sandbox;

namespace Skein.Agent.Projects;

/// <summary>Where a folder's repository begins, and its branch; told from files, since running git would run what the repository names.</summary>
internal sealed class GitRepository
{
    private const int LongestHead = 1024;

    private readonly string _gitFolder;

    private GitRepository(string root, string gitFolder)
    {
        Root = root;
        _gitFolder = gitFolder;
    }

    /// <summary>The working tree's first folder.</summary>
    public string Root { get; }

    /// <summary>Its <c>.git</c>, or where that leads.</summary>
    public string Folder => _gitFolder;

    /// <summary>What it shares with its other working trees: objects and references.</summary>
    public string CommonFolder => ReadLine(Path.Combine(_gitFolder, "commondir")) is { } common ? Path.GetFullPath(common, _gitFolder) : _gitFolder;

    /// <summary>The repository that a folder belongs to; null: none.</summary>
    public static GitRepository? Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            var git = Path.Combine(at.FullName, ".git");
            if (Directory.Exists(git))
                return new GitRepository(at.FullName, git);

            // A work tree or a submodule: a file says where the rest is.
            if (ReadLine(git) is { } line && line.StartsWith("gitdir: ", StringComparison.Ordinal))
                return new GitRepository(at.FullName, Path.GetFullPath(line["gitdir: ".Length..], at.FullName));
        }

        return null;
    }

    /// <summary>A folder and its parents up to the root of its repository; outside of one the folder alone.</summary>
    /// <param name="folder">Absolute, without links.</param>
    public static IEnumerable<string> FoldersFrom(string folder)
    {
        var root = Find(folder)?.Root ?? folder;
        for (var at = folder; at is not null; at = at == root ? null : Path.GetDirectoryName(at))
            yield return at;
    }

    /// <summary>For people: the branch, or the commit.</summary>
    public string Head()
    {
        const string Branch = "ref: refs/heads/";
        var head = ReadHead();
        return head is null ? "branch unknown"
            : head.StartsWith(Branch, StringComparison.Ordinal) ? $"branch {head[Branch.Length..]}"
            : $"at commit {head}";
    }

    /// <summary>The commit, or <c>ref: </c> and the branch.</summary>
    public string? ReadHead() => ReadLine(Path.Combine(_gitFolder, "HEAD"));

    /// <summary>The first line of a small file; null: there is none.</summary>
    internal static string? ReadLine(string path, int longest = LongestHead)
    {
        try
        {
            // Also no pipe, which would never end: it has no length.
            if (RealPath.FileAt(path) is not { Exists: true, Length: > 0 } file || file.Length > longest)
                return null;

            using var reader = new StreamReader(path);
            return reader.ReadLine()?.Trim();
        }
        // Whoever asks does without it.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
