using Skein.Agent.Checkpoints;
using Skein.Agent.Git;
using Skein.Agent.Projects;
using Skein.Agent.Settings;
using Skein.Core;
using Skein.Core.Files;
using Skein.Sandbox;

namespace Skein.Agent.Worktrees;

/// <summary>Working trees of the user's own repository, beside the folder that it lies in.</summary>
/// <param name="home">Skein's home folder.</param>
/// <param name="trusted">A worktree is trusted where the folder is that it was made like.</param>
public sealed class GitWorktrees(
    string home, FileCheckpoints files, Func<string, string?> variable, TrustedFolders trusted, TimeProvider time) : IWorktrees
{
    /// <summary>One that is younger may still be without its session.</summary>
    private static readonly TimeSpan s_settled = TimeSpan.FromMinutes(10);

    private readonly GitProgram _git = new(variable("PATH"));
    private readonly WorktreeRecords _records = new(home);

    /// <inheritdoc/>
    public Task<(Worktree Made, string Workspace)> AddAsync(
        SessionId fork, SessionId origin, string workspace, string? branch, string? tree, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            var real = RealPath.Of(workspace);
            var repository = Find(real) ?? throw new InvalidRequestException($"A fork with a worktree needs git: {workspace} lies in no repository.");
            var name = await BranchAsync(repository, branch ?? $"skein/{fork.Value[^8..]}", cancellationToken);
            var folder = FolderOf(repository.Root, name);
            if (Path.Exists(folder))
                throw new ConflictException($"The folder {folder} exists already: give the branch another name, or take it away.");

            var record = new WorktreeRecord(fork, origin, repository.Root, folder, name);
            await _records.WriteAsync(record, cancellationToken);
            try
            {
                await repository.AskAsync(["worktree", "add", "-q", "--no-checkout", "-b", name, folder, "HEAD"], cancellationToken);
                var inside = real == repository.Root ? folder : Path.Combine(folder, Path.GetRelativePath(repository.Root, real));
                var begun = await FillAsync(record, inside, real, tree, cancellationToken);
                if (await trusted.IsTrustedAsync(repository.Root, cancellationToken))
                    await trusted.TrustAsync(folder, cancellationToken);
                await _records.WriteAsync(record with { IsWhole = true }, cancellationToken);
                return (new Worktree(folder, name, repository.Root, begun), inside);
            }
            catch
            {
                await TakeAwayAsync(record, CancellationToken.None);
                throw;
            }
        });

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(SessionId fork, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            if (await _records.FindAsync(fork, cancellationToken) is not { } record)
                return true;
            // Nobody ever worked in one that was not finished.
            if (record.IsWhole && Directory.Exists(record.Folder) && !await IsKeptElsewhereAsync(record, cancellationToken))
                return false;
            await TakeAwayAsync(record, cancellationToken);
            return true;
        });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken)
    {
        var stay = new List<string>();
        foreach (var fork in _records.Before(time.GetUtcNow() - s_settled).ToList())
        {
            if (!await exists(fork, cancellationToken) && !await RemoveAsync(fork, cancellationToken))
                stay.Add((await _records.FindAsync(fork, cancellationToken))!.Folder);
        }

        return stay;
    }

    // A commit first, then what is not committed, then what no snapshot has: files that are too big, or ignored and yet tracked.
    private async Task<string> FillAsync(WorktreeRecord record, string inside, string workspace, string? tree, CancellationToken cancellationToken)
    {
        var made = Find(record.Folder)!;
        await made.AskAsync(["read-tree", "HEAD"], cancellationToken);
        var all = await files.TakeAsync(record.Origin, record.Root, cancellationToken);
        var missing = await files.RestoreAsync(record.Fork, record.Folder, CheckpointRepository.EmptyTree, all.Tree, cancellationToken);
        if (missing.Count > 0)
            throw new CheckpointException($"The worktree {record.Folder} cannot be made: {missing[0]}.");

        foreach (var path in (await made.AskAsync(["ls-files", "-z"], cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries))
            CopyMissing(record, path);
        Directory.CreateDirectory(inside);
        if (tree is not null)
        {
            var now = await files.TakeAsync(record.Fork, workspace, cancellationToken);
            await files.RestoreAsync(record.Fork, inside, now.Tree, tree, cancellationToken);
        }

        return (await files.TakeAsync(record.Fork, inside, cancellationToken)).Tree;
    }

    private static void CopyMissing(WorktreeRecord record, string path)
    {
        var (from, to) = (new FileInfo(Path.Combine(record.Root, path)), Path.Combine(record.Folder, path));
        if (!from.Exists || from.LinkTarget is not null || Path.Exists(to) || WorkTreeStatus.IsBelowLink(record.Root, path) || WorkTreeStatus.IsBelowLink(record.Folder, path))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        from.CopyTo(to);
    }

    // What git ignores does not count, as when a person removes a worktree.
    private async Task<bool> IsKeptElsewhereAsync(WorktreeRecord record, CancellationToken cancellationToken)
    {
        if (Find(record.Folder) is not { } made || made.Root != record.Folder)
            return false;
        if (await made.TryAskAsync(["rev-parse", "HEAD", "HEAD^{tree}"], cancellationToken) is not { } said || said.Split('\n') is not [var commit, var committed])
            return false;
        if (!await made.HasAsync(commit, null, cancellationToken) || await made.TryAskAsync(["diff-index", "--cached", "--quiet", "HEAD"], cancellationToken) is null)
            return false;

        var now = await files.TakeAsync(record.Fork, record.Folder, cancellationToken);
        return now.LeftOut.Count == 0 && (now.Tree == committed || await files.HasAsync(record.Origin, now.Tree, cancellationToken));
    }

    private async Task TakeAwayAsync(WorktreeRecord record, CancellationToken cancellationToken)
    {
        if (Find(record.Root) is { } repository)
        {
            await repository.TryAskAsync(["worktree", "remove", "--force", record.Folder], cancellationToken);
            await repository.TryAskAsync(["worktree", "prune"], cancellationToken);
            if (await repository.TryAskAsync(["rev-parse", "--verify", "-q", $"refs/heads/{record.Branch}"], cancellationToken) is { } tip
                && await repository.HasAsync(tip, record.Branch, cancellationToken))
                await repository.TryAskAsync(["branch", "-D", "-q", record.Branch], cancellationToken);
        }

        var beside = Path.GetDirectoryName(record.Folder)!;
        await trusted.UntrustAsync(record.Folder, cancellationToken);
        if (!Directory.Exists(record.Folder) && Directory.Exists(beside) && !Directory.EnumerateFileSystemEntries(beside).Any())
            Directory.Delete(beside);
        _records.Delete(record.Fork);
    }

    private static async Task<string> BranchAsync(UserRepository repository, string name, CancellationToken cancellationToken)
    {
        if (await repository.TryAskAsync(["check-ref-format", "--branch", name], cancellationToken) != name)
            throw new InvalidRequestException($"'{name}' cannot be the name of a branch: see 'git help check-ref-format'.");
        if (await repository.TryAskAsync(["rev-parse", "--verify", "-q", "HEAD^{commit}"], cancellationToken) is null)
            throw new InvalidRequestException($"A fork with a worktree needs a commit to begin with: the repository of {repository.Root} has none.");
        if (await repository.TryAskAsync(["rev-parse", "--verify", "-q", $"refs/heads/{name}"], cancellationToken) is not null)
            throw new ConflictException($"The branch {name} exists already: give another name.");
        return name;
    }

    private UserRepository? Find(string folder) => GitRepository.Find(folder) is { } found ? new UserRepository(_git, found.Root, found.Folder) : null;

    /// <summary>Beside the repository's first working tree, so that all worktrees of a project lie in one place that its user sees.</summary>
    private static string FolderOf(string root, string branch)
    {
        var main = GitRepository.Find(root)!.CommonFolder is var common && Path.GetFileName(common) == ".git" ? Path.GetDirectoryName(common)! : root;
        return Path.Combine(Worktree.FolderOfAll(main), branch.Replace('/', '-'));
    }

    private static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is GitException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Worktrees of forks: {e.Message}", inner: e);
        }
    }
}
