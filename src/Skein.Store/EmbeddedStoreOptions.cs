namespace Skein.Store;

/// <summary>What an acknowledged append survives.</summary>
public enum Durability
{
    /// <summary>A power loss: it is on the disk.</summary>
    Durable,

    /// <summary>The end of the process, but not of the machine: it is in the system's cache.</summary>
    Relaxed,
}

/// <param name="Packing">Null: no log is compressed.</param>
public sealed record EmbeddedStoreOptions(Durability Durability = Durability.Durable, PackingRules? Packing = null)
{
    /// <summary>How many rows stay in memory that nobody writes: those asked for last.</summary>
    internal int RowsAtHand { get; init; } = 12_288;
}

/// <summary>Which logs a collection compresses.</summary>
/// <param name="After">Those of sessions that have not changed for as long, and in which no turn is open.</param>
public sealed record PackingRules(TimeSpan After)
{
    /// <summary>Bytes that a log must have. A smaller one would take the same block of the disk.</summary>
    internal int Least { get; init; } = 4096;

    /// <summary>Bytes of a frame: so much is unpacked for a page of a few messages. Four times as much would save a few percent more.</summary>
    internal int FrameLength { get; init; } = 256 * 1024;
}
