using Microsoft.Extensions.Logging;
using Skein.Agent.Settings;
using Skein.Cli.Commands;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Sandbox;
using Skein.Server;
using Skein.Store;

namespace Skein.Cli.Composition;

/// <summary>This process as the server of a home: the store, the agents, the sessions and their API, put together.</summary>
internal sealed class HomeServer : IAsyncDisposable
{
    private readonly EmbeddedStore _store;
    private readonly HomeSettings _settings;
    private readonly Agents _agents;
    private readonly Sessions _sessions;
    private readonly Housekeeping _housekeeping;
    private readonly SkeinServer _server;
    private readonly Exporting? _exporting;
    private readonly AfterStart? _afterStart;

    private HomeServer(EmbeddedStore store, HomeSettings settings, Agents agents, Sessions sessions, Housekeeping housekeeping, SkeinServer server, Exporting? exporting, AfterStart? afterStart) =>
        (_store, _settings, _agents, _sessions, _housekeeping, _server, _exporting, _afterStart) = (store, settings, agents, sessions, housekeeping, server, exporting, afterStart);

    public ServerInfo Info => _server.Info;

    /// <summary>Completes when a client asked for the end.</summary>
    public Task StopRequested => _server.StopRequested;

    /// <summary>Takes the home; sessions whose server died are mended when it returns, and requests are answered.</summary>
    /// <exception cref="HomeException">The home cannot be used, or another process has it.</exception>
    public static async Task<HomeServer> StartAsync(
        SkeinHome home, Listening listening, Surroundings surroundings, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var descriptors = DescriptorLimit.Raise();
        var settings = new HomeSettings(home, surroundings);
        var user = await settings.ReadAsync(null, cancellationToken);
        var durability = user.Settings.Durability == Agent.Settings.Durability.Relaxed ? Store.Durability.Relaxed : Store.Durability.Durable;
        var packing = (user.Settings.CompressDays ?? SkeinSettings.UsualCompressDays) is var days and > 0 ? new PackingRules(TimeSpan.FromDays(days)) : null;
        var store = await EmbeddedStore.OpenAsync(home.Path, new EmbeddedStoreOptions(durability, packing), surroundings.Time, cancellationToken);
        Agents? agents = null;
        Sessions? sessions = null;
        Exporting? exporting = null;
        try
        {
            exporting = Exporting.Start(user.Settings.Telemetry ?? new TelemetrySettings(), surroundings);
            using var keys = new ProviderKeys(home.Own);
            agents = Agents.Open(home, user, await keys.ReadAsync(cancellationToken), settings, exporting?.Telemetry, surroundings);
            sessions = new Sessions(store, agents.Kinds, agents.SessionDefaults, surroundings.Time, loggers.CreateLogger<Sessions>());

            // A server that ends with its command would only interrupt them.
            await sessions.TakeOverAbandonedAsync(startsQueued: listening.Lasts, cancellationToken);
            StartedWith.Of(home, user.Settings, settings.UserFile, surroundings, listening.InBackground).Write(home);
            var options = new SkeinServerOptions
            {
                Home = home.Path,
                Version = CommandTree.Version,
                Listen = listening.Address,
                Token = listening.Token,
                ReadToken = listening.ReadToken,
                AllowHosts = listening.AllowHosts,

                // The rest is for logs and agents, whom clients must not keep from their work.
                MostConnections = Math.Max(2, descriptors / 2),
            };
            var server = await SkeinServer.StartAsync(sessions, options, loggers, surroundings.Time, cancellationToken);
            var kept = user.Settings.Retention;
            var housekeeping = new Housekeeping(
                sessions, new RetentionRules(kept.Days, kept.Sessions, kept.TrashDays), surroundings.Time, loggers.CreateLogger<Housekeeping>());
            return new HomeServer(store, settings, agents, sessions, housekeeping, server, exporting, listening.Lasts ? new AfterStart(sessions, surroundings.Time) : null);
        }
        catch
        {
            if (sessions is not null)
                await sessions.DisposeAsync();
            if (agents is not null)
                await agents.DisposeAsync();
            exporting?.Dispose();
            await store.DisposeAsync();
            settings.Dispose();
            throw;
        }
    }

    /// <summary>Lets requests end, interrupts turns that run, closes what is open, and gives the home back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _housekeeping.DisposeAsync();
        if (_afterStart is not null)
            await _afterStart.DisposeAsync();
        await _sessions.DisposeAsync();
        await _agents.DisposeAsync();
        _exporting?.Dispose();
        _settings.Dispose();
        await _store.DisposeAsync();
    }
}

/// <summary>Where a server listens beside its socket.</summary>
/// <param name="Address">As <c>127.0.0.1:7788</c>; null: only the socket.</param>
/// <param name="Token">What clients there must show; null: one is made.</param>
/// <param name="ReadToken">What those show that only read; null: there are none.</param>
/// <param name="InBackground">A command started it, and not its user.</param>
/// <param name="Lasts">It does not end with the command that needs it.</param>
internal sealed record Listening(string? Address, string? Token, string? ReadToken, IReadOnlyList<string> AllowHosts, bool InBackground = false, bool Lasts = true)
{
    public static Listening WithinCommand { get; } = new(null, null, null, [], Lasts: false);
}
