using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Background;

/// <summary>
/// Sees to it, before a run, that the server uses what the environment and the settings say now: one that a command started is started
/// anew if no turn runs in it, else the user is told.
/// </summary>
internal static class Renewal
{
    public static async Task EnsureAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        if (Servers.FindInfo(home) is not { } info || StartedWith.Find(home) is not { } then)
            return;

        using var own = new HomeSettings(home, surroundings);
        var settings = (await own.ReadAsync(null, cancellationToken)).Settings;
        var news = StartedWith.Of(home, settings, own.UserFile, surroundings, inBackground: true).NewsFor(then);
        if (news.Count == 0)
            return;

        if (then.InBackground && !await RunsTurnsAsync(info.Socket, surroundings, cancellationToken))
        {
            await Stopping.StopAsync(home, surroundings, cancellationToken);
            return;
        }

        surroundings.Error.WriteLine(
            $"skein: the server with pid {info.Pid} was started with another {string.Join(", ", news)} and goes on with that; 'skein stop' ends it, and the next command starts one that knows.",
            Style.Warning);
    }

    private static async Task<bool> RunsTurnsAsync(string socket, Surroundings surroundings, CancellationToken cancellationToken)
    {
        await using var client = Servers.Connect(socket, surroundings);
        var running = await client.ListAsync(new SessionQuery(Archived: null, Status: SessionStatus.Running, Limit: 1), cancellationToken);
        return running.Items.Count > 0;
    }
}
