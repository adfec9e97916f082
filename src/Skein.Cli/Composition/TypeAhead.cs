using System.Runtime.InteropServices;

namespace Skein.Cli.Composition;

/// <summary>What was typed at a terminal and has not been read yet.</summary>
internal static class TypeAhead
{
    private const int StandardInput = 0;

    /// <summary>Throws it away, a line that was only begun included. Does nothing where the input is no terminal.</summary>
    public static void Discard()
    {
        // TCIFLUSH; without an error that anybody could act on.
        if (!OperatingSystem.IsWindows())
            _ = Flush(StandardInput, OperatingSystem.IsLinux() ? 0 : 1);
    }

    [DllImport("libc", EntryPoint = "tcflush")]
    private static extern int Flush(int descriptor, int queue);
}
