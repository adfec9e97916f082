using System.Collections.Concurrent;
using Skein.Agent.Git;
using Skein.Core;
using Skein.Core.Files;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>Snapshots of workspaces, taken by git in a repository of Skein's own, beside whatever repository the user has.</summary>
public sealed class FileCheckpoints : IFileCheckpoints, IDisposable
{
    // The disk's stamps are of this clock, and no other can be held against them.
    private static readonly TimeProvider s_clock = TimeProvider.System;

    private readonly CheckpointRepository _repository;
    private readonly GitProgram _git;
    private readonly TreeMerge _merge;
    private readonly Exclusions _exclusions;
    private readonly Func<string, CancellationToken, ValueTask<bool>> _areOn;
    private readonly ConcurrentDictionary<string, Lazy<Task<WorkTree>>> _trees = new(StringComparer.Ordinal);

    /// <param name="home">Skein's home folder, which has the repository.</param>
    /// <param name="hidden">Folders that no snapshot has: absolute, without links.</param>
    /// <param name="variable">The environment: where git is, and the user's own files.</param>
    /// <param name="areOn">Whether the settings of a workspace want snapshots.</param>
    public FileCheckpoints(string home, IReadOnlyList<string> hidden, Func<string, string?> variable, Func<string, CancellationToken, ValueTask<bool>> areOn)
    {
        _areOn = areOn;
        _git = new GitProgram(variable("PATH"));
        var folder = Path.Combine(home, IFileCheckpoints.Folder);
        _repository = new CheckpointRepository(folder, _git, s_clock);
        _merge = new TreeMerge(folder, _git);
        var user = variable("HOME") ?? "/";
        _exclusions = new Exclusions(hidden, user, variable("XDG_CONFIG_HOME") is { Length: > 0 } named ? named : Path.Combine(user, ".config"), _git);
    }

    /// <inheritdoc/>
    public ValueTask<bool> AreOnAsync(string workspace, CancellationToken cancellationToken) => _areOn(workspace, cancellationToken);

    /// <inheritdoc/>
    public Task<Snapshot> TakeAsync(SessionId session, string workspace, CancellationToken cancellationToken) => TakeAsync(session, workspace, null, cancellationToken);

    /// <inheritdoc/>
    public async Task<Snapshot> TakeAsync(SessionId session, string workspace, Action<int>? reading, CancellationToken cancellationToken) =>
        await (await TreeAsync(workspace, cancellationToken)).TakeAsync(session, reading, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<FileChange>> CompareAsync(string from, string to, CancellationToken cancellationToken) =>
        TreeChanges.CountedAsync(_repository, from, to, cancellationToken);

    /// <inheritdoc/>
    public Task<(string Text, bool IsCut)> PatchAsync(string from, string to, int most, CancellationToken cancellationToken)
    {
        CheckpointRepository.RequireName(from);
        CheckpointRepository.RequireName(to);
        return _repository.ReadStartAsync(["diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", from, to], most, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> RestoreAsync(SessionId session, string workspace, string from, string to, CancellationToken cancellationToken)
    {
        var tree = await TreeAsync(workspace, cancellationToken);
        var now = await tree.TakeAsync(session, null, cancellationToken);
        var changes = await TreeChanges.BetweenAsync(_repository, from, to, cancellationToken);
        var differing = await TreeChanges.BetweenAsync(_repository, from, now.Tree, cancellationToken);
        await using var objects = _repository.OpenObjects();
        var restore = new TreeRestore(tree.Workspace, objects);
        await restore.RunAsync(changes, differing.ToDictionary(static d => d.Path, static d => d.To, StringComparer.Ordinal), cancellationToken);
        return restore.Kept;
    }

    /// <inheritdoc/>
    public async Task<MergedTree> MergeAsync(
        (SessionId Session, string Tree) ours, (SessionId Session, string Tree) theirs, string common, ConflictChoice choice, CancellationToken cancellationToken)
    {
        foreach (var tree in (string[])[ours.Tree, theirs.Tree, common])
            CheckpointRepository.RequireName(tree);
        return await CheckpointRepository.GuardAsync(async () =>
        {
            var merged = await _merge.RunAsync(ours, theirs, common, choice, cancellationToken);
            await _repository.KeepAsync(ours.Session, merged.Tree, cancellationToken);
            return merged;
        });
    }

    /// <summary>Whether a session keeps this snapshot.</summary>
    internal Task<bool> HasAsync(SessionId session, string tree, CancellationToken cancellationToken) => _repository.HasAsync(session, tree, cancellationToken);

    /// <inheritdoc/>
    public Task InheritAsync(SessionId fork, SessionId origin, CancellationToken cancellationToken) => _repository.InheritAsync(fork, origin, cancellationToken);

    /// <inheritdoc/>
    public Task DropAsync(SessionId session, CancellationToken cancellationToken) => _repository.DropAsync(session, cancellationToken);

    /// <inheritdoc/>
    public Task<Reclaimed> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken) =>
        _repository.CollectAsync(exists, cancellationToken);

    public void Dispose()
    {
        _merge.Dispose();
        foreach (var tree in _trees.Values.Where(static t => t is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }))
            tree.Value.Result.Dispose();
    }

    // Found once, for all who ask; nobody's token may cancel it for the others.
    private async Task<WorkTree> TreeAsync(string workspace, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(workspace))
            throw new CheckpointException($"Files of {workspace} are not snapshotted: there is no such folder.");

        var real = RealPath.Of(workspace);
        var tree = _trees.GetOrAdd(real, r => new Lazy<Task<WorkTree>>(() => CheckpointRepository.GuardAsync(() => WorkTree.OpenAsync(_repository, _git, _exclusions, r, CancellationToken.None))));
        try
        {
            return await tree.Value.WaitAsync(cancellationToken);
        }
        catch (CheckpointException)
        {
            _trees.TryRemove(KeyValuePair.Create(real, tree));
            throw;
        }
    }
}
