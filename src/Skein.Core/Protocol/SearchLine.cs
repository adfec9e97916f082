using Skein.Core.Search;

namespace Skein.Core.Protocol;

/// <summary>A line of the answer to a search; exactly one field is there. An answer without a line of the last two kinds broke off.</summary>
/// <param name="Skipped">A session that could not be searched, or not all of it.</param>
/// <param name="End">The last line of an answer that is whole.</param>
/// <param name="Problem">The last line of one that failed after it had begun.</param>
public sealed record SearchLine(SearchHit? Hit = null, SearchSkipped? Skipped = null, SearchEnd? End = null, Problem? Problem = null);

/// <param name="Hits">How many there were.</param>
/// <param name="More">There are more than were asked for.</param>
public sealed record SearchEnd(int Hits, bool More);
