using System.Diagnostics;
using System.Globalization;

namespace Skein.EndToEnd.RealAgents;

/// <summary>The processes of an agent: those that have its user's home, but are not Skein.</summary>
internal static class AgentProcesses
{
    /// <returns>The process of the agent itself: the oldest.</returns>
    public static Process Oldest(User user) => Of(user)[0];

    /// <returns>The oldest first: ids begin anew when they have run out.</returns>
    public static IReadOnlyList<Process> Of(User user)
    {
        var home = $"\0HOME={user.OwnFolder}\0";
        var found = new List<(DateTime Started, Process Process)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            try
            {
                if (("\0" + File.ReadAllText(Path.Combine(folder, "environ"))).Contains(home, StringComparison.Ordinal)
                    && File.ResolveLinkTarget(Path.Combine(folder, "exe"), returnFinalTarget: false)?.FullName != PublishedProgram.Path)
                {
                    var process = Process.GetProcessById(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture));
                    found.Add((process.StartTime, process));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
            {
                // It ended meanwhile, or is another's.
            }
        }

        return [.. found.OrderBy(f => f.Started).Select(f => f.Process)];
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
