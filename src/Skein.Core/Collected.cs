namespace Skein.Core;

/// <summary>What a collection gave back: what nothing needs any more, and what takes less space otherwise.</summary>
/// <param name="Blobs">Content that no session names.</param>
/// <param name="Origins">What purged sessions had left for forks, all of which are gone by now.</param>
/// <param name="Leftovers">What crashes and repairs left behind.</param>
/// <param name="Compressed">Logs of sessions that rest; the bytes are those saved.</param>
/// <param name="Problems">What was left alone, or could not be deleted, and why; one sentence each, for people.</param>
public sealed record Collected(Reclaimed Blobs, Reclaimed Origins, Reclaimed Leftovers, Reclaimed Compressed, IReadOnlyList<string> Problems)
{
    /// <summary>Snapshots of files that no session has any more.</summary>
    public Reclaimed Snapshots { get; init; } = Reclaimed.Nothing;
}

/// <param name="Bytes">Of the files' content.</param>
public sealed record Reclaimed(int Files, long Bytes)
{
    public static Reclaimed Nothing { get; } = new(0, 0);

    /// <summary>One more file.</summary>
    public Reclaimed And(long bytes) => new(Files + 1, Bytes + bytes);
}
