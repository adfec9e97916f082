using Skein.Core.Events;

namespace Skein.Store;

/// <summary>What a session has to do with others, and the names that others have for it; texts as their <see cref="Fingerprint"/>. Most sessions have none of it.</summary>
internal sealed record SessionLinks(IReadOnlyList<Segment> Segments, long Parent, long AgentSession, long ImportedAs, long Key)
{
    private static readonly SessionLinks s_none = new([], Fingerprint.None, Fingerprint.None, Fingerprint.None, Fingerprint.None);

    public static SessionLinks Of(IReadOnlyList<Segment> segments, string? parent, string? agentSession, string? importedAs, string? key) =>
        segments.Count == 0 && (parent ?? agentSession ?? importedAs ?? key) is null
            ? s_none
            : new SessionLinks(segments, Fingerprint.Of(parent), Fingerprint.Of(agentSession), Fingerprint.Of(importedAs), Fingerprint.Of(key));
}
