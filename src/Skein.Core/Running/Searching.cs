using System.Runtime.CompilerServices;
using Skein.Core.Protocol;
using Skein.Core.Search;

namespace Skein.Core.Running;

/// <summary>A search as it is answered: what the store finds, up to the limit, and whether that is all.</summary>
internal static class Searching
{
    public static async IAsyncEnumerable<SearchLine> RunAsync(ISessionStore store, Projects projects, SearchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // One more than asked for tells whether there are more.
        var limit = RequestRules.Limit(query.Limit);
        var hits = 0;
        var followed = await projects.FollowAsync(query, cancellationToken);
        await foreach (var finding in store.SearchAsync(followed with { Limit = limit + 1 }, cancellationToken))
        {
            if (finding is SearchHit && ++hits > limit)
                break;
            yield return finding is SearchHit hit ? new SearchLine(Hit: hit) : new SearchLine(Skipped: (SearchSkipped)finding);
        }

        yield return new SearchLine(End: new SearchEnd(Math.Min(hits, limit), hits > limit));
    }
}
