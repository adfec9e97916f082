using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>
/// Keeps other processes, and other holders in this one, out while something is changed that all of them change. It ends with whoever holds
/// it, however that ends.
/// </summary>
public sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Waits until nobody else holds it.</summary>
    /// <param name="path">An empty file, which stays: made for the user alone where it is missing.</param>
    /// <exception cref="IOException">It cannot be locked.</exception>
    public static async Task<FileLock> TakeAsync(string path, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            return new FileLock(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));

        // It is held for a moment only, and the call cannot be cancelled.
        return new FileLock(await Task.Run(() => Native.OpenLocked(path), cancellationToken));
    }

    public void Dispose() => _file.Dispose();
}
