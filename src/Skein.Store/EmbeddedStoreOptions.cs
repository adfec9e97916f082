namespace Skein.Store;

/// <summary>What an acknowledged append survives.</summary>
public enum Durability
{
    /// <summary>A power loss: it is on the disk.</summary>
    Durable,

    /// <summary>The end of the process, but not of the machine: it is in the system's cache.</summary>
    Relaxed,
}

public sealed record EmbeddedStoreOptions(Durability Durability = Durability.Durable);
