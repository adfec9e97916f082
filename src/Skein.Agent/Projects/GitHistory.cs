using System.Collections.Concurrent;
using Skein.Agent.Git;
using Skein.Sandbox;

namespace Skein.Agent.Projects;

/// <summary>
/// The first commit of a repository. Git is run, since objects are packed, but in an empty repository of our own that only borrows the
/// other's objects: neither its configuration nor its hooks are read, so that nothing it names is ever run. Safe for use by many threads.
/// </summary>
internal sealed class GitHistory(string? path, TimeProvider time)
{
    private const int HashLength = 40;
    private const int LongestRefs = 16 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly GitProgram _git = new(path);
    private readonly ConcurrentDictionary<string, (string Head, string? First)> _known = new(StringComparer.Ordinal);

    /// <summary>Null: there is no commit, there are several first ones, the history is cut off, or it cannot be told in two seconds.</summary>
    public async ValueTask<string?> FindFirstCommitAsync(GitRepository repository, CancellationToken cancellationToken)
    {
        var common = repository.CommonFolder;
        if (OperatingSystem.IsWindows() || File.Exists(Path.Combine(common, "shallow")) || HeadOf(repository, common) is not { } head)
            return null;
        if (_known.TryGetValue(repository.Root, out var known) && known.Head == head)
            return known.First;

        var first = await AskGitAsync(Path.Combine(common, "objects"), head, cancellationToken);
        _known[repository.Root] = (head, first);
        return first;
    }

    private async Task<string?> AskGitAsync(string objects, string head, CancellationToken cancellationToken)
    {
        var own = Directory.CreateTempSubdirectory("skein-git-").FullName;
        using var late = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            Directory.CreateDirectory(Path.Combine(own, "objects"));
            Directory.CreateDirectory(Path.Combine(own, "refs"));
            await File.WriteAllTextAsync(Path.Combine(own, "HEAD"), "ref: refs/heads/none\n", either.Token);

            var where = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_DIR"] = own, ["GIT_OBJECT_DIRECTORY"] = objects };
            var said = await _git.AskAsync(own, where, ["rev-list", "--max-parents=0", head], null, either.Token);
            return IsHash(said) ? said : null;
        }
        catch (GitException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            Directory.Delete(own, recursive: true);
        }
    }

    private static string? HeadOf(GitRepository repository, string common)
    {
        const string Reference = "ref: ";
        if (repository.ReadHead() is not { } head)
            return null;
        if (!head.StartsWith(Reference, StringComparison.Ordinal))
            return IsHash(head) ? head : null;

        // What a name reaches stays in the repository's own folder.
        var name = head[Reference.Length..];
        if (!name.StartsWith("refs/", StringComparison.Ordinal) || name.Contains("..", StringComparison.Ordinal) || name.Contains('\0'))
            return null;
        var loose = GitRepository.ReadLine(Path.Combine(common, name));
        return loose is not null && IsHash(loose) ? loose : PackedHash(Path.Combine(common, "packed-refs"), name);
    }

    private static string? PackedHash(string file, string name)
    {
        try
        {
            if (RealPath.FileAt(file) is not { Exists: true, Length: > 0 and <= LongestRefs })
                return null;
            var line = File.ReadLines(file).FirstOrDefault(l => l.Length == HashLength + 1 + name.Length && l.EndsWith(name, StringComparison.Ordinal));
            return line is not null && IsHash(line[..HashLength]) ? line[..HashLength] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsHash(string text) => text.Length == HashLength && text.All(char.IsAsciiHexDigitLower);
}
