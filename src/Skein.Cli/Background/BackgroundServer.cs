using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Sandbox;

namespace Skein.Cli.Background;

/// <summary>
/// Starts a server that outlives its command: in a process session of its own, with nothing inherited, what it has to say in a file.
/// Commands that start one at once each start one, and all come to the one that gets the home; the others end.
/// </summary>
internal static class BackgroundServer
{
    private const long LargestLog = 1 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(100);

    /// <exception cref="HomeException">It did not come up; the message says what it said.</exception>
    public static async Task<ServerInfo> StartAsync(SkeinHome home, Surroundings surroundings, CancellationToken cancellationToken)
    {
        home.Prepare();
        var logged = TurnLogOver(home);
        var started = surroundings.Time.GetTimestamp();
        var exited = Spawn(home, cancellationToken);

        // A server tells that it is ready by its file and its socket, whoever started it.
        for (var pause = s_firstLook; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 3 / 2, s_longestPause.Ticks)))
        {
            if (Servers.FindInfo(home) is { } info)
                return info;

            var over = exited.IsCompleted;
            if (over && (await exited).Code == CommandLine.HomeInUse)
            {
                // The one that has the home is about to be ready, or to stop: then it needs another one.
                exited = Spawn(home, cancellationToken);
                pause = s_longestPause;
                over = false;
            }

            if (over || surroundings.Time.GetElapsedTime(started) > s_patience)
                throw new HomeException(Explain(home, logged, over));
            await Task.Delay(pause, surroundings.Time, cancellationToken);
        }
    }

    private static async Task<ChildExit> Spawn(SkeinHome home, CancellationToken cancellationToken)
    {
        await using var child = ChildProcess.Start(new ChildStart(Self.Program, [.. Self.Arguments, "serve", "--background"], home.Path, Self.EnvironmentFor(home))
        {
            Detached = true,
            Output = ChildOutput.ToFile(home.LogFile),
        });
        return await child.WaitAsync(cancellationToken);
    }

    // A log that grows for ever is no help; the one before is kept.
    private static long TurnLogOver(SkeinHome home)
    {
        var log = new FileInfo(home.LogFile);
        if (log.Exists && log.Length > LargestLog)
            File.Move(home.LogFile, home.LogFile + ".1", overwrite: true);
        return File.Exists(home.LogFile) ? new FileInfo(home.LogFile).Length : 0;
    }

    private static string Explain(SkeinHome home, long logged, bool over)
    {
        const string Mark = "skein: ";
        var said = File.Exists(home.LogFile) ? ReadFrom(home.LogFile, logged) : "";
        var line = said.Split('\n').LastOrDefault(l => l.StartsWith(Mark, StringComparison.Ordinal));
        return line is not null
            ? line[Mark.Length..]
            : $"The server in the background {(over ? "ended at once" : $"did not answer within {s_patience.TotalSeconds} s")}: see {home.LogFile}.";
    }

    private static string ReadFrom(string path, long offset)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Min(offset, file.Length);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
