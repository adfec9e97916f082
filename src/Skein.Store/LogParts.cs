namespace Skein.Store;

/// <summary>What the logs of one store share.</summary>
/// <param name="Committed">Told when a log's state was replaced by an append, before the append is acknowledged.</param>
internal sealed record LogParts(Disk Disk, FlushThreads Threads, TimeProvider Time, Durability Durability, Catalog Catalog, Action<SessionLog> Committed)
{
    public Folders Folders { get; } = new(Disk);

    public required RecentRows Recent { get; init; }

    public Deletions Deletions { get; } = new(Disk);
}
