namespace Skein.Store;

/// <summary>
/// While it lives, garbage is not collected: for work that makes very many objects which all stay. A collection would find next to nothing, and copy
/// them, while all threads stand still. It is for the whole process, where that has the memory and nobody else does the same.
/// </summary>
internal sealed class NoCollection : IDisposable
{
    private readonly bool _isOurs;

    /// <param name="bytes">How much is made meanwhile at most; beyond that it is collected as usual. More than a quarter of what the process may have is not asked for.</param>
    public NoCollection(long bytes)
    {
        // It is taken at once, if only to find that there is not so much: another thread that wants memory meanwhile would be refused it.
        if (bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4)
            return;

        try
        {
            _isOurs = GC.TryStartNoGCRegion(bytes);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or InvalidOperationException)
        {
            // More than the process may have after all, or somebody else does it already.
        }
    }

    public void Dispose()
    {
        if (!_isOurs)
            return;

        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // More was made than was said: that ended it.
        }
    }
}
