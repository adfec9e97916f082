namespace Skein.Sandbox.Confining;

/// <summary>What a confined program may touch beside the system's own programs and libraries, which it may read.</summary>
/// <param name="Workspace">The folder it may write to: absolute, without links.</param>
/// <param name="UserHome">The user's home folder, which is empty for it.</param>
public sealed record SandboxPolicy(string Workspace, string UserHome)
{
    /// <summary>Whether it has the machine's network, and with it whatever listens on its loopback and on abstract sockets.</summary>
    public bool Network { get; init; }

    /// <summary>Other folders and files it may write to: absolute.</summary>
    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>What of the user's home it may read: absolute.</summary>
    public IReadOnlyList<string> Readable { get; init; } = [];

    /// <summary>Folders that stay empty for it wherever they lie, Skein's home above all: absolute, without links.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    public SandboxLimits Limits { get; init; } = SandboxLimits.Usual;
}

/// <param name="Memory">Bytes of its own that one process may have; what it only reserves does not count.</param>
/// <param name="Processes">How many there may be at once in the sandbox. The system exempts root.</param>
/// <param name="File">Bytes of the largest file.</param>
/// <param name="Temporary">Bytes of the temporary folder, which is memory.</param>
public sealed record SandboxLimits(long Memory, int Processes, long File, long Temporary)
{
    public static SandboxLimits Usual { get; } = new(
        Math.Min(8L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3), 1024, 8L << 30, 1L << 30);
}
