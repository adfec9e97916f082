using System.Diagnostics;
using System.Globalization;

namespace Skein.EndToEnd.RealAgents;

/// <summary>The processes of an agent: those that have its user's home, but are not Skein.</summary>
internal static class AgentProcesses
{
    /// <returns>The process of the agent itself: the oldest.</returns>
    public static Process Oldest(User user) => Of(user).OrderBy(p => p.Id).First();

    public static List<Process> Of(User user)
    {
        var home = $"\0HOME={user.OwnFolder}\0";
        var found = new List<Process>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            try
            {
                if (("\0" + File.ReadAllText(Path.Combine(folder, "environ"))).Contains(home, StringComparison.Ordinal)
                    && File.ResolveLinkTarget(Path.Combine(folder, "exe"), returnFinalTarget: false)?.FullName != PublishedProgram.Path)
                {
                    found.Add(Process.GetProcessById(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It ended meanwhile, or is another's.
            }
        }

        return found;
    }

    /// <summary>Waits until none is left.</summary>
    public static async Task EndedAsync(User user, CancellationToken cancellationToken)
    {
        foreach (var process in Of(user))
        {
            using (process)
            {
                try
                {
                    await process.WaitForExitAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    var what = $"{process.Id} ({process.ProcessName})";
                    process.Kill();
                    throw new TimeoutException($"Process {what} outlived Skein.");
                }
            }
        }
    }
}
