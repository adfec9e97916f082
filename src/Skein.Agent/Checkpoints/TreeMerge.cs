using System.Text;
using Skein.Agent.Git;
using Skein.Core;
using Skein.Core.Files;

namespace Skein.Agent.Checkpoints;

/// <summary>Three-way merges of snapshots, by git, which looks at no folder for it. One at a time.</summary>
internal sealed class TreeMerge(string folder, GitProgram git) : IDisposable
{
    private const string NoEntry = "0 0000000000000000000000000000000000000000";
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <inheritdoc cref="IFileCheckpoints.MergeAsync"/>
    public async Task<MergedTree> RunAsync(
        (SessionId Session, string Tree) ours, (SessionId Session, string Tree) theirs, string common, ConflictChoice choice, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var where = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_DIR"] = folder };
            var begin = await AskAsync(where, ["commit-tree", common, "-m", "common"], null, cancellationToken);
            await NameAsync(where, ours, begin, cancellationToken);
            await NameAsync(where, theirs, begin, cancellationToken);
            try
            {
                return await MergeAsync(where, ours.Session, theirs.Session, choice, cancellationToken);
            }
            finally
            {
                await AskAsync(where, ["update-ref", "-d", $"refs/{ours.Session}"], null, CancellationToken.None);
                await AskAsync(where, ["update-ref", "-d", $"refs/{theirs.Session}"], null, CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    // Git marks conflicts with what it was called with: the sessions' names.
    private async Task NameAsync(Dictionary<string, string> where, (SessionId Session, string Tree) side, string begin, CancellationToken cancellationToken)
    {
        var commit = await AskAsync(where, ["commit-tree", side.Tree, "-p", begin, "-m", "side"], null, cancellationToken);
        await AskAsync(where, ["update-ref", $"refs/{side.Session}", commit], null, cancellationToken);
    }

    private async Task<MergedTree> MergeAsync(Dictionary<string, string> where, SessionId ours, SessionId theirs, ConflictChoice choice, CancellationToken cancellationToken)
    {
        // The tree; "mode name stage TAB path" for each side of a conflict; an empty field; then what is for people.
        var said = await git.RunAsync(
            folder, where, ["-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", "-z", "--no-messages", ours.Value, theirs.Value], null, cancellationToken, mostCode: 1);
        var fields = Encoding.UTF8.GetString(said).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var sides = fields.Skip(1).Select(static f => f.Split('\t', 2)).Select(static f => (Entry: f[0].Split(' '), Path: f[1])).ToList();
        IReadOnlyList<string> conflicts = [.. sides.Select(s => s.Path).Distinct(StringComparer.Ordinal)];
        if (conflicts.Count == 0 || choice is ConflictChoice.Abort or ConflictChoice.Markers)
            return new MergedTree(fields[0], conflicts);

        var stage = choice == ConflictChoice.Ours ? "2" : "3";
        var lines = conflicts.Select(path => sides.Find(s => s.Path == path && s.Entry[2] == stage) is { Entry: [var mode, var name, _] } ? $"{mode} {name}\t{path}\0" : $"{NoEntry}\t{path}\0");
        var index = new Dictionary<string, string>(where, StringComparer.Ordinal) { ["GIT_INDEX_FILE"] = Path.Combine(folder, "merge-index") };
        await AskAsync(index, ["read-tree", fields[0]], null, cancellationToken);
        await AskAsync(index, ["update-index", "-z", "--index-info"], string.Concat(lines), cancellationToken);
        return new MergedTree(await AskAsync(index, ["write-tree"], null, cancellationToken), conflicts);
    }

    private Task<string> AskAsync(Dictionary<string, string> where, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken) =>
        git.AskAsync(folder, where, arguments, input, cancellationToken);
}
