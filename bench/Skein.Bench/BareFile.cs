using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skein.Bench;

/// <summary>A new file that is written and flushed with nothing in between: what the disk itself takes.</summary>
internal sealed class BareFile(string path) : IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
    private long _length;

    public void Dispose() => _file.Dispose();

    /// <summary>The lines of a log, each with its end.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> LinesOf(byte[] log)
    {
        for (var start = 0; start < log.Length;)
        {
            var end = Array.IndexOf(log, (byte)'\n', start) + 1;
            yield return log.AsMemory(start, end - start);
            start = end;
        }
    }

    /// <summary>Appends and flushes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _length);
        _length += bytes.Length;
        Flush();
    }

    /// <summary>Appends all of them and flushes once.</summary>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> lines)
    {
        RandomAccess.Write(_file, lines, _length);
        _length += lines.Sum(static line => (long)line.Length);
        Flush();
    }

    // .NET's own flush would do for speed, but what stands for the disk should not be slowed by it either.
    private void Flush()
    {
        if (FSync((int)_file.DangerousGetHandle()) != 0)
            throw new IOException("fsync failed");
    }

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int FSync(int descriptor);
}
