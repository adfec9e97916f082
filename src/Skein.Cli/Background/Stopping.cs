using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Background;

/// <summary>Asks the server of a home to end, and waits until the home is free.</summary>
internal static class Stopping
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <returns>The server that was stopped; null: none ran.</returns>
    /// <exception cref="HomeException">It was asked, and did not end.</exception>
    public static async Task<ServerInfo?> StopAsync(SkeinHome home, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (Servers.FindInfo(home) is not { } info)
            return null;

        await using (var client = Servers.Connect(info, surroundings))
            await client.StopAsync(cancellationToken);

        var asked = surroundings.Time.GetTimestamp();
        while (Processes.IsRunning(info.Pid))
        {
            if (surroundings.Time.GetElapsedTime(asked) > s_patience)
                throw new HomeException($"The server with pid {info.Pid} was asked to stop and still runs after {s_patience.TotalSeconds} s: see {home.LogFile}.");
            await Task.Delay(s_pause, surroundings.Time, cancellationToken);
        }

        return info;
    }
}
