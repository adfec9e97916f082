using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>Files that are read by the thousand: what .NET asks and locks at each costs more than to read it.</summary>
public static class RegularFile
{
    /// <summary>
    /// Opens it for <see cref="RandomAccess"/>, without ever waiting for somebody at the other end, and without following a link: what
    /// was judged by its path is what is read, also where somebody puts a link in the place of a folder meanwhile.
    /// </summary>
    /// <param name="path">Absolute, without links.</param>
    /// <param name="size">Its bytes; 0 also for a device, and for what the kernel makes up when it is read.</param>
    /// <returns>Null: there is none, or it is a pipe, or a link stands in its path.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle? OpenRead(string path, out long size)
    {
        var (file, error) = OperatingSystem.IsWindows() ? OpenOnWindows(path) : Native.OpenPlain(path);
        size = error == 0 ? Size(file) : 0;
        if (error == 0 && size >= 0)
            return file;

        file.Dispose();
        return error is 0 or Native.NoEntry or Native.NoDevice || error == Native.TooManyLinks
            ? null
            : throw new IOException($"'{path}' cannot be opened: {Native.Describe(error)}.");
    }

    private static (SafeFileHandle File, int Error) OpenOnWindows(string path) => new FileInfo(path) is { Exists: true, LinkTarget: null }
        ? (File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), 0)
        : (new SafeFileHandle(), Native.NoEntry);

    private static long Size(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file);
        }
        catch (NotSupportedException)
        {
            return -1; // A pipe.
        }
    }
}
