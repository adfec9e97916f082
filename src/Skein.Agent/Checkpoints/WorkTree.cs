using System.Security.Cryptography;
using System.Text;
using Skein.Agent.Git;
using Skein.Agent.Projects;
using Skein.Core;
using Skein.Core.Files;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// A workspace as its snapshots see it: the part of a working tree that it is, with an index of Skein's own, which stays warm, so that
/// only what was touched is read. What is snapshotted is what the user's own git would add, and in nested repositories their files too.
/// One snapshot at a time.
/// </summary>
internal sealed class WorkTree : IDisposable
{
    /// <summary>What a restore writes into before it is whole. No snapshot has it.</summary>
    public const string RestoringPrefix = ".skein-restore-";

    // Holds the place of a nested repository in the index, so that git looks into it.
    private const string Placeholder = ".skein-nested";
    private const int MostNested = 16;
    private const int MostRests = 64;

    private readonly CheckpointRepository _repository;
    private readonly GitProgram _git;
    private readonly Exclusions _exclusions;
    private readonly string _root;
    private readonly string _prefix;
    private readonly string _work;
    private readonly Dictionary<string, string> _where;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private (string Commit, string Tree, string Shown)? _head;
    private TreeWitness? _witness;
    private int _wasted;
    private int _rests;

    private WorkTree(CheckpointRepository repository, GitProgram git, Exclusions exclusions, string workspace, string root, string prefix)
    {
        (_repository, _git, _exclusions, Workspace, _root, _prefix) = (repository, git, exclusions, workspace, root, prefix);
        _work = repository.WorkFolder(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{root}\0{prefix}")))[..32], root);
        _where = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_DIR"] = _work, ["GIT_WORK_TREE"] = root, ["GIT_LITERAL_PATHSPECS"] = "1" };
    }

    /// <summary>Absolute, without links.</summary>
    public string Workspace { get; }

    private string ExclusionFile => Path.Combine(_work, "exclude");

    /// <param name="workspace">Absolute, without links.</param>
    public static async Task<WorkTree> OpenAsync(
        CheckpointRepository repository, GitProgram git, Exclusions exclusions, string workspace, CancellationToken cancellationToken)
    {
        // The ignore files above a workspace count in it, so the working tree is the whole one.
        var root = GitRepository.Find(workspace)?.Root ?? workspace;
        var prefix = root == workspace ? "" : Path.GetRelativePath(root, workspace).Replace(Path.DirectorySeparatorChar, '/') + "/";
        var tree = new WorkTree(repository, git, exclusions, workspace, root, prefix);
        if (prefix.Length == 0 || !await tree.IsIgnoredAsync(cancellationToken))
            return tree;
        tree.Dispose();
        return new WorkTree(repository, git, exclusions, workspace, workspace, "");
    }

    /// <summary>Snapshots the workspace and keeps that for a session.</summary>
    /// <param name="reading">As in <see cref="IFileCheckpoints.TakeAsync(SessionId, string, Action{int}, CancellationToken)"/>.</param>
    public async Task<Snapshot> TakeAsync(SessionId session, Action<int>? reading, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await CheckpointRepository.GuardAsync(() => TakeOrBeginAnewAsync(session, reading, cancellationToken));
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    // What the index knows may be damaged, or name what is no longer kept: without it everything is read once more.
    private async Task<Snapshot> TakeOrBeginAnewAsync(SessionId session, Action<int>? reading, CancellationToken cancellationToken)
    {
        // A collection may have taken it away.
        if (!Directory.Exists(_work))
            Forget();
        _repository.WorkFolder(Path.GetFileName(_work), _root);

        // Only this process works here, and only in this turn: who made the lock was killed.
        File.Delete(Path.Combine(_work, "index.lock"));
        try
        {
            return await TakeOnceAsync(session, reading, cancellationToken);
        }
        catch (GitException e) when (e.Code is not null && File.Exists(Path.Combine(_work, "index")))
        {
            Forget();
            Directory.Delete(_work, recursive: true);
            _repository.WorkFolder(Path.GetFileName(_work), _root);
            return await TakeOnceAsync(session, reading, cancellationToken);
        }
    }

    private async Task<Snapshot> TakeOnceAsync(SessionId session, Action<int>? reading, CancellationToken cancellationToken)
    {
        var began = _repository.Time.GetUtcNow();
        var (witness, areOther) = (_witness, await _exclusions.WriteAsync(ExclusionFile, _root, began, cancellationToken));
        if (!areOther && _head is { } known && witness?.IsUnchanged(began) == true)
        {
            _wasted = 0;
            await _repository.KeepAsync(session, known.Tree, cancellationToken);
            return new Snapshot(known.Shown, []);
        }

        _witness = null;
        var status = await StatusAsync(isCached: true, cancellationToken);
        for (var i = 0; status.Nested.Count > 0 && i < MostNested; i++)
        {
            var places = string.Concat(status.Nested.Select(static n => $"100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\t{n}{Placeholder}\0"));
            await RunAsync(["update-index", "--add", "-z", "--index-info"], places, cancellationToken);

            // Git's cache of untracked files would still show the folder as it was.
            status = await StatusAsync(isCached: false, cancellationToken);
        }

        reading?.Invoke(status.Changed.Count);
        if (status.Gone.Count > 0)
            await RunAsync(["update-index", "--force-remove", "-z", "--stdin"], Lines(status.Gone), cancellationToken);
        if (status.Changed.Count > 0)
            await RunAsync(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], Lines(status.Changed), cancellationToken);

        var head = await HeadAsync(cancellationToken);
        if (head is null || status.IsChanged)
            head = await AdvanceAsync(session, head, cancellationToken);
        else
        {
            await _repository.KeepAsync(session, head.Value.Tree, cancellationToken);
            if (status.IsClean)
                _witness = await WitnessAsync(witness is not null, began, cancellationToken);
        }

        return new Snapshot(head.Value.Shown, status.LeftOut);
    }

    private void Forget() => (_head, _witness) = (null, null);

    // Where witnesses are of no use, as where each call leaves another file that is ignored or where there are too many names, they are made more and more rarely.
    private async Task<TreeWitness?> WitnessAsync(bool wasWasted, DateTimeOffset began, CancellationToken cancellationToken)
    {
        if (wasWasted)
            _rests = (int)Math.Min(MostRests, Math.Pow(2, ++_wasted));
        if (_rests-- > 0)
            return null;

        var index = (await AskAsync(["ls-files", "-z"], cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var isTooLarge = index.Length > TreeWitness.MostNames;
        _rests = isTooLarge ? MostRests : 0;
        return isTooLarge ? null : await new WitnessBuilder(_root, Workspace, began, IgnoredAsync).BuildAsync(index, cancellationToken);
    }

    private async Task<IReadOnlySet<string>> IgnoredAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        // Whatever a name begins with, it is no pattern.
        var where = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_DIR"] = _work, ["GIT_WORK_TREE"] = _root };
        var said = await _git.RunAsync(
            _root, where, ["-c", $"core.excludesFile={ExclusionFile}", "check-ignore", "-z", "--stdin", "--no-index"], Lines(paths.Select(static p => "./" + p)), cancellationToken, mostCode: 1);
        return Encoding.UTF8.GetString(said).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(static p => p[2..]).ToHashSet(StringComparer.Ordinal);
    }

    private async Task<(string Commit, string Tree, string Shown)> AdvanceAsync(
        SessionId session, (string Commit, string Tree, string Shown)? head, CancellationToken cancellationToken)
    {
        var tree = await AskAsync(["write-tree"], cancellationToken);
        var commit = await _repository.KeepAsync(session, tree, cancellationToken);
        if (head?.Tree == tree)
            return head.Value;

        await File.WriteAllTextAsync(Path.Combine(_work, "HEAD"), commit + "\n", cancellationToken);
        return (_head = (commit, tree, await ShownAsync(tree, cancellationToken))).Value;
    }

    private async Task<(string Commit, string Tree, string Shown)?> HeadAsync(CancellationToken cancellationToken)
    {
        if (_head is not null || (await File.ReadAllTextAsync(Path.Combine(_work, "HEAD"), cancellationToken)).StartsWith("ref:", StringComparison.Ordinal))
            return _head;

        var said = await AskAsync(["rev-parse", "HEAD", "HEAD^{tree}"], cancellationToken);
        return said.Split('\n') is [var commit, var tree] ? _head = (commit, tree, await ShownAsync(tree, cancellationToken)) : null;
    }

    /// <summary>The part of a whole tree that is the workspace.</summary>
    private async Task<string> ShownAsync(string tree, CancellationToken cancellationToken)
    {
        if (_prefix.Length == 0)
            return tree;

        // "mode tree name TAB path"; nothing where the workspace has no file.
        var said = await AskAsync(["ls-tree", "-d", tree, _prefix.TrimEnd('/')], cancellationToken);
        return said.Split(' ', '\t') is [_, "tree", var part, ..] ? part : CheckpointRepository.EmptyTree;
    }

    private async Task<WorkTreeStatus> StatusAsync(bool isCached, CancellationToken cancellationToken)
    {
        string[] part = _prefix.Length == 0 ? [] : ["--", _prefix];
        await using var git = _git.Start(_root, _where, ["-c", $"core.excludesFile={ExclusionFile}", "-c", $"core.untrackedCache={(isCached ? "true" : "false")}", "status", "--porcelain=v2", "-z", "--no-renames", .. part], Sandbox.ChildInput.Nothing);
        return await WorkTreeStatus.ReadAsync(git, _root, _prefix, cancellationToken);
    }

    private async Task<bool> IsIgnoredAsync(CancellationToken cancellationToken)
    {
        await _exclusions.WriteAsync(ExclusionFile, _root, _repository.Time.GetUtcNow(), cancellationToken);
        return (await IgnoredAsync([_prefix], cancellationToken)).Count > 0;
    }

    private Task<byte[]> RunAsync(IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken) =>
        _git.RunAsync(_root, _where, arguments, input, cancellationToken);

    private Task<string> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        _git.AskAsync(_root, _where, arguments, null, cancellationToken);

    private static string Lines(IEnumerable<string> paths) => string.Concat(paths.Select(static p => p + "\0"));
}
