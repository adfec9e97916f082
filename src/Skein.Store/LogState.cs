using Skein.Core;

namespace Skein.Store;

/// <summary>What is known of a log as of a byte: never changed, only replaced.</summary>
/// <param name="Seq">The last sequence, lost ones included.</param>
/// <param name="End">The first byte after the last whole batch.</param>
/// <param name="Row">The fold of all that is before <paramref name="End"/>; null where it cannot be folded, or is kept in the catalog alone.</param>
/// <param name="Fault">Why it cannot be folded.</param>
internal sealed record LogState(long Seq, long End, Session? Row, string? Fault = null)
{
    private SessionKeys? _keys;

    /// <summary>Of the row, wherever it is kept; null where there is none.</summary>
    public SessionKeys? Keys
    {
        get => _keys ??= Row is null ? null : SessionKeys.Of(Row);
        init => _keys = value;
    }

    /// <summary>The same, with the row left to the catalog.</summary>
    public LogState WithoutRow() => Row is null ? this : new LogState(Seq, End, Row: null, Fault) { Keys = Keys };
}
