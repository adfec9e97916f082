using System.Buffers;
using Skein.Core;

namespace Skein.Store;

/// <summary>Where in the catalog's file a line stands.</summary>
/// <param name="Length">With its end.</param>
internal readonly record struct CatalogPlace(long Offset, int Length)
{
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
