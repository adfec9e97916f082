using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Store;

namespace Skein.Cli.Background;

/// <summary>Being the server until somebody ends it: a signal, or a client.</summary>
internal static class Serving
{
    public static async Task<int> RunAsync(Surroundings surroundings, Listening listening, bool background, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        using var loggers = LineLog.Create(surroundings, background ? LogLevel.Information : LogLevel.Warning);
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        try
        {
            await using var server = await HomeServer.StartAsync(home, listening with { InBackground = background }, surroundings, loggers, cancellationToken);
            if (!background)
                Tell(server, surroundings);
            await Task.WhenAny(signalled.Task, server.StopRequested).WaitAsync(cancellationToken);
            if (!background)
                surroundings.Error.WriteLine("stopping …", Style.Dim);
        }
        catch (HomeInUseException) when (background)
        {
            // Somebody else was faster, which is as good.
            return CommandLine.HomeInUse;
        }

        return CommandLine.Good;

        // The second signal does what signals usually do.
        void End(PosixSignalContext context) => context.Cancel = signalled.TrySetResult();
    }

    private static void Tell(HomeServer server, Surroundings surroundings)
    {
        surroundings.Error.WriteLine(("serving ", Style.Good), (server.Info.Home, Style.Plain), ($"  pid {server.Info.Pid}", Style.Dim));
        surroundings.Error.WriteLine($"socket  {server.Info.Socket}");
        if (server.Info.Listen is not null)
            surroundings.Error.WriteLine($"listen  {server.Info.Listen}  (its token: skein status --json)");
        surroundings.Error.WriteLine("Ctrl+C stops it; turns that run are interrupted, sessions stay.", Style.Dim);
    }
}
