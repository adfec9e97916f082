using System.Globalization;
using System.Text;
using Skein.Core.Files;

namespace Skein.Agent.Checkpoints;

/// <summary>A file in a snapshot. Mode and name as git has them.</summary>
internal readonly record struct TreeEntry(string Mode, string Name)
{
    public bool IsNone => Mode == "000000";
    public bool IsLink => Mode == "120000";
    public bool IsExecutable => Mode == "100755";
}

/// <summary>A path at which two snapshots differ.</summary>
internal sealed record TreeChange(string Path, TreeEntry From, TreeEntry To)
{
    public FileChangeKind Kind =>
        From.IsNone ? FileChangeKind.Added : To.IsNone ? FileChangeKind.Deleted : From.IsLink != To.IsLink ? FileChangeKind.Retyped : FileChangeKind.Modified;
}

/// <summary>How two snapshots differ.</summary>
internal static class TreeChanges
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static async Task<IReadOnlyList<TreeChange>> BetweenAsync(CheckpointRepository repository, string from, string to, CancellationToken cancellationToken)
    {
        CheckpointRepository.RequireName(from);
        CheckpointRepository.RequireName(to);
        if (from == to)
            return [];

        // ":oldmode newmode oldname newname status", then the path.
        var said = s_utf8.GetString(await repository.RunAsync(["diff-tree", "-r", "-z", "--raw", "--no-renames", from, to], cancellationToken)).Split('\0');
        var changes = new List<TreeChange>(said.Length / 2);
        for (var i = 0; i + 1 < said.Length; i += 2)
        {
            var fields = said[i].TrimStart(':').Split(' ');
            changes.Add(new TreeChange(said[i + 1], new TreeEntry(fields[0], fields[2]), new TreeEntry(fields[1], fields[3])));
        }

        return changes;
    }

    /// <summary>With the lines that were added and deleted.</summary>
    public static async Task<IReadOnlyList<FileChange>> CountedAsync(CheckpointRepository repository, string from, string to, CancellationToken cancellationToken)
    {
        var changes = await BetweenAsync(repository, from, to, cancellationToken);
        if (changes.Count == 0)
            return [];

        // "added TAB deleted TAB path"; "-" for what is no text.
        var said = s_utf8.GetString(await repository.RunAsync(["diff-tree", "-r", "-z", "--numstat", "--no-renames", from, to], cancellationToken));
        var counts = said.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('\t', 3))
            .ToDictionary(static f => f[2], static f => (Added: Count(f[0]), Deleted: Count(f[1])), StringComparer.Ordinal);
        return [.. changes.Select(c => counts.TryGetValue(c.Path, out var count) ? new FileChange(c.Path, c.Kind, count.Added, count.Deleted) : new FileChange(c.Path, c.Kind))];
    }

    private static int? Count(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out var count) ? count : null;
}
