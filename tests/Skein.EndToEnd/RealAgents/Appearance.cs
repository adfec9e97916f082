namespace Skein.EndToEnd.RealAgents;

/// <summary>Waits for a file.</summary>
internal sealed class Appearance : IDisposable
{
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Appearance(string folder, string name)
    {
        _watcher = new FileSystemWatcher(folder, name);
        _watcher.Created += (_, _) => _seen.TrySetResult();
        _watcher.Renamed += (_, _) => _seen.TrySetResult();
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>Completes when the file is there.</summary>
    public Task Seen => _seen.Task;

    public void Dispose() => _watcher.Dispose();
}
