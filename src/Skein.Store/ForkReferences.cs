using Skein.Core;

namespace Skein.Store;

/// <summary>Up to where forks read each other's logs.</summary>
/// <param name="UpTo">By the session that is read from.</param>
/// <param name="Unknown">Logs whose first line cannot be read: whether they are forks, and of what, nothing tells.</param>
internal sealed record ForkReferences(IReadOnlyDictionary<SessionId, long> UpTo, IReadOnlyList<string> Unknown)
{
    public static ForkReferences Of(IEnumerable<SessionLog> logs)
    {
        var upTo = new Dictionary<SessionId, long>();
        var unknown = new List<string>();
        foreach (var log in logs)
        {
            if (log.State.Keys is not { } keys)
                unknown.Add(log.Name);
            else
                foreach (var segment in keys.Links.Segments)
                    upTo[segment.Session] = Math.Max(upTo.GetValueOrDefault(segment.Session), segment.UpTo);
        }

        return new ForkReferences(upTo, unknown);
    }

    /// <summary>How much of a session's log must stay: nothing at 0, all of it where some reference may not be known.</summary>
    public long Needed(SessionId session) => Unknown.Count > 0 ? long.MaxValue : UpTo.GetValueOrDefault(session);
}
