using System.Buffers;
using Skein.Core;

namespace Skein.Store;

/// <summary>Where in the catalog's file the line of a log's row stands, and until the log has been found, of which file that is the row. Every log has one in memory.</summary>
/// <param name="Length">With its end; 0: there is no such line.</param>
/// <param name="Packed">How long the log's file was, where it was compressed; 0: it was not, or was too long to be told here, and is folded again.</param>
/// <param name="Written">When the log's file was last written, by the file system, in ticks.</param>
internal readonly record struct CatalogPlace(long Offset, int Length, uint Packed = 0, long Written = 0)
{
    public bool IsNowhere => Length == 0;

    /// <summary>Whether the row is that of a file with this length and time: one that was touched since is folded again.</summary>
    /// <param name="end">Up to which byte of the plain log the row is folded.</param>
    public bool IsOf(long end, bool isPacked, long length, long written) => !IsNowhere && Written == written && (isPacked ? Packed == length : Packed == 0 && end == length);

    /// <summary>Reads the row of the line.</summary>
    /// <returns>Null where it cannot be read: the log has all of it.</returns>
    public Session? ReadRow(LogFile catalog)
    {
        var line = ArrayPool<byte>.Shared.Rent(Length);
        try
        {
            catalog.ReadWhole(line.AsSpan(0, Length), Offset);
            return CatalogLine.ReadRow(line.AsSpan(0, Length - 1));
        }
        catch (DamagedException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(line);
        }
    }
}
