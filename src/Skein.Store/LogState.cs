using Skein.Core;

namespace Skein.Store;

/// <summary>What is known of a log as of a byte: never changed, only replaced.</summary>
/// <param name="Seq">The last sequence, lost ones included.</param>
/// <param name="End">The first byte after the last whole batch.</param>
/// <param name="Row">The fold of all that is before <paramref name="End"/>; null where it cannot be folded.</param>
/// <param name="Fault">Why there is no row.</param>
internal sealed record LogState(long Seq, long End, Session? Row, string? Fault = null);
