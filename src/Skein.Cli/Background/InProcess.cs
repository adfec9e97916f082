using Microsoft.Extensions.Logging;
using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Background;

/// <summary>
/// This process as the server of its home while one command runs. Others may come to it meanwhile. Apart from the server itself, so that
/// commands that need none do not load what it is made of.
/// </summary>
internal sealed class InProcess : IAsyncDisposable
{
    private readonly IAsyncDisposable _server;
    private readonly IDisposable _loggers;

    private InProcess(IAsyncDisposable server, IDisposable loggers, ServerInfo info) => (_server, _loggers, Info) = (server, loggers, info);

    public ServerInfo Info { get; }

    /// <exception cref="HomeException">The home cannot be used, or a server has it: then there is nothing to be gained.</exception>
    public static async Task<InProcess> StartAsync(SkeinHome home, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (Servers.FindInfo(home) is { } other)
        {
            throw new HomeException(
                $"The server with pid {other.Pid} at {other.Socket} has the home {home.Path}: leave out --in-process, or stop it with 'skein stop'.");
        }

        home.Prepare();
        var loggers = LineLog.Create(surroundings, LogLevel.Warning);
        try
        {
            var server = await HomeServer.StartAsync(home, Listening.WithinCommand, surroundings, loggers, cancellationToken);
            return new InProcess(server, loggers, server.Info);
        }
        catch
        {
            loggers.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _loggers.Dispose();
    }
}
