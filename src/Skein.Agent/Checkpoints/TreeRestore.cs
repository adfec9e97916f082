using System.Text;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// Makes files what a snapshot says. Each is written beside its place and then put there, so that one that was killed in the middle leaves
/// either the old or the new. Nothing is overwritten that a snapshot does not have, and nothing is written through a link.
/// </summary>
internal sealed class TreeRestore(string workspace, GitObjects objects)
{
    private readonly List<string> _kept = [];

    /// <summary>Files that were left as they are, and why.</summary>
    public IReadOnlyList<string> Kept => _kept;

    /// <param name="changes">What is to change: from what was there, to what shall be.</param>
    /// <param name="now">Where what is there now differs from what was there, by path.</param>
    public async Task RunAsync(IReadOnlyList<TreeChange> changes, IReadOnlyDictionary<string, TreeEntry> now, CancellationToken cancellationToken)
    {
        foreach (var folder in changes.Select(c => Path.GetDirectoryName(c.Path)!).Distinct(StringComparer.Ordinal))
            ClearUnfinished(Path.Combine(workspace, folder));

        var meant = changes.Where(c => IsMeant(c, now)).ToList();

        // First what goes: a folder may have to make room for a file.
        foreach (var change in meant.Where(c => c.To.IsNone).Reverse())
            Try(change, Delete);
        foreach (var change in meant.Where(c => !c.To.IsNone))
            await TryAsync(change, now.TryGetValue(change.Path, out var there) ? there : change.From, cancellationToken);
    }

    // What is neither as it was nor as it shall be was changed by somebody; what is not there can be written without loss.
    private bool IsMeant(TreeChange change, IReadOnlyDictionary<string, TreeEntry> now)
    {
        if (!now.TryGetValue(change.Path, out var there) || there == change.From)
            return true;
        if (there == change.To)
            return false;
        if (there.IsNone)
            return !change.To.IsNone;

        _kept.Add($"{change.Path}: it was changed meanwhile");
        return false;
    }

    private void Delete(TreeChange change)
    {
        var path = Path.Combine(workspace, change.Path);
        if (!WorkTreeStatus.IsBelowLink(workspace, change.Path))
            File.Delete(path);

        // A folder lasts as long as it has something.
        for (var folder = Path.GetDirectoryName(path)!; folder != workspace && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any(); folder = Path.GetDirectoryName(folder)!)
            Directory.Delete(folder);
    }

    private async Task WriteAsync(TreeChange change, TreeEntry there, CancellationToken cancellationToken)
    {
        var path = Path.Combine(workspace, change.Path);
        if (WorkTreeStatus.IsBelowLink(workspace, change.Path))
            throw new IOException("a link stands in its way");
        if (there.IsNone && (Directory.Exists(path) || File.Exists(path) || new FileInfo(path).LinkTarget is not null))
            throw new IOException("something that no snapshot has is in its place");

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (change.To.IsLink)
        {
            await LinkAsync(path, change.To, cancellationToken);
            return;
        }

        var beside = Path.Combine(Path.GetDirectoryName(path)!, WorkTree.RestoringPrefix + Guid.NewGuid().ToString("N"));
        try
        {
            await FillAsync(beside, change.To, there.IsNone || there.IsLink ? null : path, cancellationToken);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    // In two steps: a link that leads nowhere cannot be moved. Where it ends between them there is nothing, which may be written to.
    private async Task LinkAsync(string path, TreeEntry entry, CancellationToken cancellationToken)
    {
        using var target = new MemoryStream();
        await objects.CopyAsync(entry.Name, target, cancellationToken);
        File.Delete(path);
        File.CreateSymbolicLink(path, Encoding.UTF8.GetString(target.ToArray()));
    }

    // Who may read and write it stays as it is where it is there; git knows only whether it can be run.
    private async Task FillAsync(string path, TreeEntry entry, string? like, CancellationToken cancellationToken)
    {
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            await objects.CopyAsync(entry.Name, file, cancellationToken);
        if (OperatingSystem.IsWindows())
            return;

        const UnixFileMode Run = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var mode = File.GetUnixFileMode(like ?? path);
        var readers = (UnixFileMode)((int)(mode & (UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead)) >> 2);
        File.SetUnixFileMode(path, entry.IsExecutable ? mode | readers : mode & ~Run);
    }

    private async Task TryAsync(TreeChange change, TreeEntry there, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(change, there, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _kept.Add($"{change.Path}: {e.Message}");
        }
    }

    private void Try(TreeChange change, Action<TreeChange> act)
    {
        try
        {
            act(change);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _kept.Add($"{change.Path}: {e.Message}");
        }
    }

    private static void ClearUnfinished(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var left in Directory.EnumerateFiles(folder, WorkTree.RestoringPrefix + "*"))
            File.Delete(left);
    }
}
