using System.Diagnostics;

namespace Skein.Bench;

/// <summary>What the machine has still to write: else it does so beside what is measured next.</summary>
internal static class Backlog
{
    /// <summary>Waits until all that was written before is on the disk.</summary>
    public static async Task WriteAsync(CancellationToken cancellationToken)
    {
        using var sync = Process.Start("sync");
        await sync.WaitForExitAsync(cancellationToken);
    }
}
