using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// Where in a log no event stands, as who read all of it from its beginning found. A line there may be as it was written and yet be none
/// (one that was copied, or of another log), which whoever begins in the middle, or goes back, could not tell.
/// </summary>
/// <param name="gaps">In the order of the file.</param>
internal readonly struct KnownDamage(IReadOnlyList<Gap> gaps)
{
    public bool Has(long offset)
    {
        var (low, high) = (0, gaps?.Count ?? 0);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (gaps![middle].Offset <= offset)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && offset < gaps![low - 1].Offset + gaps[low - 1].Length;
    }
}
