namespace Skein.Store;

/// <summary>
/// Deletions of logs that the disk has not confirmed. After a power loss such a log may be there again: until then nothing that it needs
/// may go. Safe for use by several threads.
/// </summary>
internal sealed class Deletions(Disk disk)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _paths = [];
    private readonly HashSet<string> _folders = [];

    /// <summary>The file is to be deleted. Nobody may have made another under its name when <see cref="Confirm"/> comes to it.</summary>
    public void Owe(string path)
    {
        lock (_gate)
            _paths.Add(path);
    }

    /// <summary>Something in the folder was deleted.</summary>
    public void Expect(string folder)
    {
        lock (_gate)
            _folders.Add(folder);
    }

    /// <summary>Returns when all of them would survive a power loss.</summary>
    /// <exception cref="IOException">The disk refused one: the rest is left for the next attempt.</exception>
    /// <exception cref="UnauthorizedAccessException">As with <see cref="IOException"/>.</exception>
    public void Confirm()
    {
        lock (_gate)
        {
            foreach (var path in _paths)
            {
                disk.Delete(path);
                _paths.Remove(path);
                _folders.Add(Path.GetDirectoryName(path)!);
            }

            foreach (var folder in _folders)
            {
                disk.FlushFolder(folder);
                _folders.Remove(folder);
            }
        }
    }
}
