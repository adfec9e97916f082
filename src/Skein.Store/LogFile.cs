using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>The bytes of a log, or of another file of lines, by the places at which they stand in its plain form. For one reader at a time.</summary>
/// <param name="handle">Closed with this.</param>
internal abstract class LogFile(string path, SafeFileHandle handle) : IDisposable
{
    public string Path => path;

    /// <summary>The file, for what is asked of it as a whole.</summary>
    public SafeFileHandle Handle => handle;

    /// <summary>Bytes of the plain form.</summary>
    public abstract long Length { get; }

    /// <summary>Reads at least one byte.</summary>
    /// <exception cref="DamagedException">The disk does not answer, or the file ends earlier.</exception>
    public abstract int ReadAt(Span<byte> into, long offset);

    public virtual void Dispose() => handle.Dispose();

    /// <summary>Reads all that was asked for.</summary>
    /// <exception cref="DamagedException">As with <see cref="ReadAt"/>.</exception>
    public void ReadWhole(Span<byte> into, long offset)
    {
        while (!into.IsEmpty)
        {
            var read = ReadAt(into, offset);
            into = into[read..];
            offset += read;
        }
    }

    /// <summary>Writes the beginning of the plain form into another file.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="DamagedException">As with <see cref="ReadAt"/>.</exception>
    public void CopyTo(Disk disk, SafeFileHandle to, long length)
    {
        var chunk = new byte[(int)Math.Min(length, LineReader.Chunk)];
        for (var at = 0L; at < length;)
        {
            var read = ReadAt(chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - at)), at);
            disk.Write(to, chunk.AsSpan(0, read), at);
            at += read;
        }
    }
}

/// <summary>A file that is as it was written.</summary>
/// <param name="file">Closed with this.</param>
internal sealed class PlainFile(Disk disk, SafeFileHandle file, string path) : LogFile(path, file)
{
    public override long Length => RandomAccess.GetLength(Handle);

    public static PlainFile Open(Disk disk, string path) => new(disk, disk.OpenRead(path), path);

    public override int ReadAt(Span<byte> into, long offset)
    {
        try
        {
            return disk.Read(Handle, into, offset) is var read and > 0
                ? read
                : throw new DamagedException($"{Path} ends at byte {offset}, earlier than it did before.");
        }
        catch (IOException e)
        {
            throw new DamagedException($"{Path} cannot be read at byte {offset}: {e.Message}", e);
        }
    }
}
