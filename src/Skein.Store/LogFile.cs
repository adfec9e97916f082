using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>The bytes of a log, or of another file of lines, by the places at which they stand in its plain form. For one reader at a time.</summary>
internal abstract class LogFile(string path) : IDisposable
{
    public string Path => path;

    /// <summary>Bytes of the plain form.</summary>
    public abstract long Length { get; }

    /// <summary>Reads at least one byte.</summary>
    /// <exception cref="DamagedException">The disk does not answer, or the file ends earlier.</exception>
    public abstract int ReadAt(Span<byte> into, long offset);

    public abstract void Dispose();
}

/// <summary>A file that is as it was written.</summary>
/// <param name="file">Closed with this.</param>
internal sealed class PlainFile(Disk disk, SafeFileHandle file, string path) : LogFile(path)
{
    public override long Length => RandomAccess.GetLength(file);

    public static PlainFile Open(Disk disk, string path) => new(disk, disk.OpenRead(path), path);

    public override int ReadAt(Span<byte> into, long offset)
    {
        try
        {
            return disk.Read(file, into, offset) is var read and > 0
                ? read
                : throw new DamagedException($"{Path} ends at byte {offset}, earlier than it did before.");
        }
        catch (IOException e)
        {
            throw new DamagedException($"{Path} cannot be read at byte {offset}: {e.Message}", e);
        }
    }

    public override void Dispose() => file.Dispose();
}
