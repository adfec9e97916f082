using Skein.Agent.Git;

namespace Skein.Agent.Worktrees;

/// <summary>
/// The user's own repository, asked through one of its working trees. Its hooks and the program that watches files for it are switched off,
/// and nothing is asked of git for which it would run a filter.
/// </summary>
/// <param name="root">The working tree's first folder.</param>
/// <param name="gitFolder">Its <c>.git</c>, or where that leads.</param>
internal sealed class UserRepository(GitProgram git, string root, string gitFolder)
{
    private static readonly string[] s_quiet = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];

    private readonly Dictionary<string, string> _where = new(StringComparer.Ordinal) { ["GIT_DIR"] = gitFolder, ["GIT_WORK_TREE"] = root };

    public string Root => root;

    /// <exception cref="GitException"/>
    public Task<string> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        git.AskAsync(root, _where, [.. s_quiet, .. arguments], null, cancellationToken);

    /// <summary>The same, where it is an answer too that git cannot.</summary>
    public async Task<string?> TryAskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(arguments, cancellationToken);
        }
        catch (GitException e) when (e.Code is not null)
        {
            return null;
        }
    }

    /// <summary>Whether a branch of the user's, or a tag, has a commit.</summary>
    /// <param name="but">A branch that does not count.</param>
    public async Task<bool> HasAsync(string commit, string? but, CancellationToken cancellationToken)
    {
        var names = await AskAsync(["for-each-ref", "--format=%(refname)", "--contains", commit, "refs/heads", "refs/remotes", "refs/tags"], cancellationToken);
        return names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Any(n => n != $"refs/heads/{but}");
    }
}
