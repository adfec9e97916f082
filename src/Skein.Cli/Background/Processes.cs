using System.Diagnostics;

namespace Skein.Cli.Background;

/// <summary>Processes that are not our children.</summary>
internal static class Processes
{
    /// <summary>Whether a process runs. One that has ended and that nobody has asked after yet does not.</summary>
    public static bool IsRunning(int pid)
    {
        // In a container the first process often never asks after those it inherits, so that they stay in the list for ever.
        if (OperatingSystem.IsLinux())
            return StateOf(pid) is not (null or 'Z' or 'X');

        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // "pid (name) state …", and a name may hold brackets.
    private static char? StateOf(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var end = text.LastIndexOf(')');
            return end >= 0 && end + 2 < text.Length ? text[end + 2] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
