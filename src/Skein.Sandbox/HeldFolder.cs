using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>A folder that stays the one that was looked up, also where somebody puts a link in its place, or in that of one above it.</summary>
public sealed class HeldFolder : IDisposable
{
    private readonly SafeFileHandle? _handle;

    private HeldFolder(string path, SafeFileHandle? handle) => (Path, _handle) = (path, handle);

    /// <summary>By which it is reached while it is held.</summary>
    public string Path { get; }

    /// <param name="path">Absolute, without links.</param>
    /// <exception cref="IOException">There is none, or a link stands in its path.</exception>
    public static HeldFolder Open(string path)
    {
        // Elsewhere there is no name for a folder that is open.
        if (!OperatingSystem.IsLinux())
            return new HeldFolder(path, null);

        var (handle, error) = Native.OpenFolder(path);
        if (error == 0)
            return new HeldFolder($"/proc/self/fd/{handle.DangerousGetHandle()}", handle);

        handle.Dispose();
        throw new IOException($"'{path}' cannot be opened: {Native.Describe(error)}.");
    }

    public void Dispose() => _handle?.Dispose();
}
