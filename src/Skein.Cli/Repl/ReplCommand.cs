using Skein.Agent.Providers;
using Skein.Agent.Settings;
using Skein.Cli.Background;
using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Repl.Editing;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary><c>skein</c> without a command, at a terminal.</summary>
internal static class ReplCommand
{
    public static async Task<int> RunAsync(Surroundings surroundings, ReplOptions options, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new UsageException("The REPL needs a terminal of Unix: use 'skein run' and 'skein attach' here.");

        // What these ask is asked in lines, before the terminal is anything else.
        using var ephemeral = options.Ephemeral ? EphemeralHome.Make(surroundings) : null;
        var home = ephemeral?.Home ?? SkeinHome.Of(surroundings);
        var settings = await FolderTrust.SettleAsync(surroundings, home, trust: false, cancellationToken);
        if (ephemeral is null)
            await Renewal.EnsureAsync(surroundings, cancellationToken);
        await using var local = ephemeral is null ? null : await InProcess.StartAsync(home, surroundings, cancellationToken);
        await using var client = local is null ? await Servers.FindOrStartAsync(surroundings, cancellationToken) : Servers.Connect(local.Info, surroundings);
        var resume = await FindAsync(client, options, surroundings.Folder, cancellationToken);
        if (resume is { } known)
            await MovedSession.SettleAsync(client, (await client.GetAsync(known, cancellationToken)).Session, surroundings, cancellationToken);

        using var all = new HomeSettings(home, surroundings);
        var named = options.Model ?? await all.ModelForAsync(options.Agent, settings, cancellationToken);
        var wanted = new NewSession(surroundings.Folder, options.Agent ?? settings.Agent, named, options.Mode ?? settings.Mode);
        var (model, offered, guide, contextOf) = wanted.Agent is { } agent && await all.IsDrivenAsync(agent, cancellationToken)
            ? (named, [], [], _ => null)
            : await ModelForAsync(named, settings, home, surroundings, cancellationToken);
        var start = new ReplStart(
            wanted with { Model = model }, resume, options.Resume is "", History.Open(Path.Combine(home.Path, "history")), resume is null ? guide : [],
            offered, contextOf, await all.SteersAsync(cancellationToken));
        var left = Run(surroundings, client, start);

        if (ephemeral is not null)
            surroundings.Out.WriteLine("nothing of it was kept", Style.Dim);
        else if (left is { } session)
            surroundings.Out.WriteLine(("go on with  ", Style.Dim), ($"skein --resume {SessionName.Shorten(session)}", Style.Bold));
        return CommandLine.Good;
    }

    private static async Task<SessionId?> FindAsync(Client.SkeinClient client, ReplOptions options, string folder, CancellationToken cancellationToken)
    {
        if (options.Resume is not { Length: > 0 } name)
            return null;
        try
        {
            return await SessionName.ResolveAsync(client, name, folder, cancellationToken);
        }
        catch (NoSuchSessionException) when (options.GoOn)
        {
            return null;
        }
    }

    private static SessionId? Run(Surroundings surroundings, Client.SkeinClient client, ReplStart start)
    {
        using var pump = new Pump();
        ReplLoop? loop = null;
        SessionId? left = null;
        using var raw = RawTerminal.Open(() => pump.Post(() => loop?.Resize()));
        using var signals = new LeavingSignals(() => pump.Post(() => loop?.Leave()));
        pump.Run(
            async () =>
            {
                await using (loop = new ReplLoop(surroundings, client, start, pump, raw))
                {
                    await loop.RunAsync();
                    left = loop.Session;
                }
            },
            acted => loop?.Draw(acted) ?? TimeSpan.FromMilliseconds(10));
        return left;
    }

    // Only a look: the server asks its own providers. What it would find missing is better said before the first prompt.
    private static async Task<(string? Model, IReadOnlyList<string> Offered, IReadOnlyList<string> Guide, Func<string, int?> ContextOf)> ModelForAsync(
        string? wanted, SkeinSettings settings, SkeinHome home, Surroundings surroundings, CancellationToken cancellationToken)
    {
        using var keys = new ProviderKeys(home.Own);
        var (providers, scripts) = Providers.Of(settings, await keys.ReadAsync(cancellationToken));
        using var models = new ModelCatalog(providers, surroundings.Variable, scripts, surroundings.Time);
        var model = wanted ?? models.DefaultModel;
        var usable = models.Providers.Where(p => p.Problem is null).Select(p => p.Name).ToHashSet();
        string[] offered = [.. model is null ? [] : new[] { model }, .. KnownModels.All.Keys.Where(m => m != model && usable.Contains(m.Split('/')[0])).Order(StringComparer.Ordinal)];
        return (model, offered, wanted is null && models.DefaultModel is null ? [ModelGuide.Title, .. ModelGuide.Lines] : [], m => models.FactsOf(m).Context);
    }
}

/// <param name="Resume">What the session is called by; empty: the person chooses; null: a new one.</param>
/// <param name="Ephemeral">Nothing is kept.</param>
/// <param name="GoOn">A new one will do where there is none.</param>
internal sealed record ReplOptions(string? Resume, bool GoOn, string? Agent, string? Model, Core.Events.PermissionMode? Mode, bool Ephemeral);
