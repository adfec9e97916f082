using System.Diagnostics;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Client;
using Skein.Core.Protocol;

namespace Skein.Cli.Demo;

/// <summary>The demo's own server: a process of its own, with a home of its own, which is killed and started again.</summary>
internal sealed class DemoServer(SkeinHome home, Surroundings surroundings) : IAsyncDisposable
{
    private ServerInfo? _info;
    private SkeinClient? _client;

    public SkeinClient Client => _client ?? throw new InvalidOperationException("The server has not been started.");

    public int Pid => _info?.Pid ?? throw new InvalidOperationException("The server has not been started.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_client is not null)
            await _client.DisposeAsync();
        _info = await BackgroundServer.StartAsync(home, surroundings, cancellationToken);
        _client = Servers.Connect(_info, surroundings);
    }

    /// <summary>SIGKILL: nothing is saved, said or tidied up.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        using var process = Process.GetProcessById(Pid);
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is null)
            return;
        await _client.DisposeAsync();
        await Stopping.StopAsync(home, surroundings, CancellationToken.None);
    }
}
