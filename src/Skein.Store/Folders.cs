using System.Collections.Concurrent;

namespace Skein.Store;

/// <summary>
/// Makes folders that survive a power loss. That one is there says nothing: whoever made it may have died, or not yet have come to
/// flushing the folder above. So that is done once by every process.
/// </summary>
internal sealed class Folders(Disk disk)
{
    private readonly ConcurrentDictionary<string, bool> _durable = new();

    public void Make(string path)
    {
        if (_durable.ContainsKey(path) && Directory.Exists(path))
            return;

        disk.MakeFolder(path);
        disk.FlushFolder(Path.GetDirectoryName(path)!);
        _durable[path] = true;
    }
}
