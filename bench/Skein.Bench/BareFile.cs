using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skein.Bench;

/// <summary>A new file that is written and flushed with nothing in between: what the disk itself takes.</summary>
internal sealed class BareFile(string path) : IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
    private long _length;

    public void Dispose() => _file.Dispose();

    /// <summary>Appends and flushes.</summary>
    // .NET's own flush would do for speed, but what stands for the disk should not be slowed by it either.
    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _length);
        _length += bytes.Length;
        if (FSync((int)_file.DangerousGetHandle()) != 0)
            throw new IOException("fsync failed");
    }

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int FSync(int descriptor);
}
