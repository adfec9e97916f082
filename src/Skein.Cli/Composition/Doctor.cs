using Skein.Agent.Providers;
using Skein.Cli.Background;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Sandbox;
using Skein.Store;

namespace Skein.Cli.Composition;

/// <summary>How a thing is.</summary>
internal enum Health
{
    Good,

    /// <summary>It is so, and need not be otherwise.</summary>
    Note,

    /// <summary>It works, with less than there could be.</summary>
    Warning,
    Wrong,
}

/// <param name="Area">As <c>home</c>, <c>store</c> or <c>settings</c>.</param>
/// <param name="Text">One sentence.</param>
internal sealed record Finding(string Area, Health Health, string Text);

/// <summary>Looks at everything that Skein needs, and changes nothing: no server is started, no folder made; providers are asked for their models. Unless it is told to mend.</summary>
internal sealed class Doctor(Surroundings surroundings)
{
    private const UnixFileMode Others = (UnixFileMode)0x3f;

    private static readonly (string Name, Health Missing, string Why)[] s_programs =
    [
        ("git", Health.Warning, "the demo needs it, and models use it"),
        ("rg", Health.Note, "models often search with it; Skein's own search does without"),
        ("bwrap", Health.Warning, "without it commands have no sandbox, and are asked about also in auto"),
    ];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly List<Finding> _findings = [];
    private IReadOnlyList<StoreFinding> _ofStore = [];

    /// <summary>
    /// Mends what can be mended, by a server, as everything that writes: one that runs, else one that is started, which deletes what dead
    /// processes left. It takes the sessions over about which there is something to tell: each has then told it in its log.
    /// </summary>
    /// <returns>What was mended, and what was found after it.</returns>
    public async Task<IReadOnlyList<Finding>> MendAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        var before = _ofStore;
        var untold = new List<Finding>();
        if (before.Count > 0)
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var hurt = before.Select(f => f.Session).OfType<SessionId>().Distinct().ToArray();
            using (var progress = new Progress(surroundings.Error, surroundings.Time, "mending sessions"))
            {
                foreach (var (i, session) in hurt.Index())
                {
                    progress.Show(i, hurt.Length);
                    await TryAsync("repair", () => TakeOverAsync(client, session, cancellationToken));
                }
            }

            untold = [.. _findings.Where(f => f.Area == "repair")];
        }

        _findings.Clear();
        await LookAsync(cancellationToken);
        return [.. before.Where(f => !_ofStore.Contains(f)).Select(f => new Finding("mended", Health.Good, TerminalText.CleanLine($"{f.Place} {f.What}"))), .. untold, .. _findings];
    }

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        if (Try("home", () => LookAtHome(home)))
            Try("store", () => LookAtStore(home, cancellationToken));
        await TryAsync("settings", () => LookAtSettingsAsync(home, cancellationToken));
        await TryAsync("providers", () => LookAtProvidersAsync(cancellationToken));
        await TryAsync("agents", () => LookAtAgentsAsync(cancellationToken));
        LookAtPrograms();
        await TryAsync("sandbox", () => LookAtSandboxAsync(home, cancellationToken));
        LookAtTerminal();
        return _findings;
    }

    private void LookAtHome(SkeinHome home)
    {
        if (!Path.Exists(home.Path))
        {
            Tell("home", Health.Note, $"{home.Path} is not there yet: the first command makes it.");
            return;
        }

        if (!Directory.Exists(home.Path))
            throw new HomeException($"{home.Path} is no folder.");
        FolderOwner.Require(home.Path);
        var mode = OperatingSystem.IsWindows() ? 0 : File.GetUnixFileMode(home.Path) & Others;
        Tell("home", mode == 0 ? Health.Good : Health.Warning, mode == 0 ? $"{home.Path} is yours alone." : $"{home.Path} can be entered by others ({mode}): chmod 700 '{home.Path}'.");
        if (Servers.FindInfo(home) is { } info)
            Tell("server", Health.Good, $"It runs: pid {info.Pid}, version {info.Version}, at {info.Socket}.");
        else
            Tell("server", Health.Note, "None runs; commands start one.");
    }

    private void LookAtStore(SkeinHome home, CancellationToken cancellationToken)
    {
        using var progress = new Progress(surroundings.Error, surroundings.Time, "reading the logs");
        var report = StoreCheck.Run(home.Path, (done, total) => progress.Show(done, total, Spans.Bytes), cancellationToken);
        _ofStore = report.Findings;
        var isServed = Servers.FindInfo(home) is not null;
        foreach (var finding in report.Findings)
            Tell("store", finding.IsLoss ? Health.Wrong : finding.IsOpenTurn && isServed ? Health.Note : Health.Warning, $"{finding.Place} {finding.What}");
        if (report.Findings.Count == 0)
        {
            Tell("store", Health.Good,
                $"{Spans.Plural(report.Sessions, "session")} with {report.Events} events ({Spans.Bytes(report.LogBytes)}) and {Spans.Plural(report.Blobs, "blob")} ({Spans.Bytes(report.BlobBytes)}) are whole.");
        }
    }

    private static async Task TakeOverAsync(SkeinClient client, SessionId session, CancellationToken cancellationToken)
    {
        try
        {
            // Whatever is asked of a session that changes it, or could, takes it over first.
            await client.ChangeAsync(session, new SessionChange(), cancellationToken);
        }
        catch (TrashedException)
        {
            // It was taken over before it was refused.
        }
    }

    private async Task LookAtSettingsAsync(SkeinHome home, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(home, surroundings);
        var loaded = await settings.ReadAsync(surroundings.Folder, cancellationToken);
        Tell("settings", Health.Good, loaded.Files.Count == 0 ? $"There are none ({settings.UserFile} is not there)." : $"{string.Join(" and ", loaded.Files)} can be read.");
        if (loaded.Ignored.Count > 0)
            Tell("settings", Health.Warning, $"{settings.FolderOf(surroundings.Folder, loaded)} is not trusted, so these of its settings are ignored: {string.Join(", ", loaded.Ignored.Select(i => i.Key))} (skein trust).");
        var trusted = await settings.Trusted.ListAsync(cancellationToken);
        var gone = trusted.Where(folder => !Directory.Exists(folder)).ToArray();
        Tell("trust", gone.Length == 0 ? Health.Good : Health.Warning, gone.Length == 0
            ? $"{Spans.Plural(trusted.Count, "folder")} trusted."
            : $"Trusted, but no longer there, so that anybody who makes them is trusted: {string.Join(", ", gone)} (skein trust --remove).");
    }

    private async Task LookAtProvidersAsync(CancellationToken cancellationToken)
    {
        var (models, keys) = await ModelCatalogs.OpenAsync(surroundings, cancellationToken);
        using (models)
        {
            foreach (var (provider, found) in await Task.WhenAll(models.Providers.Select(AskAsync)))
            {
                var from = ModelCatalogs.KeyFrom(provider, keys, surroundings);
                var key = from is null ? "needs no key" : $"has a key ({from})";
                var (health, text) = provider.Problem is { } problem ? (Health.Note, problem)
                    : found.Problem is { } silent ? (from is null ? Health.Note : Health.Warning, $"{key}, but cannot be used: {silent}")
                    : (Health.Good, $"{key} and answers, with {Spans.Plural(found.Models.Count, "model")}");
                Tell("providers", health, $"{provider.Name}: {text}.".Replace("..", ".", StringComparison.Ordinal));
            }

            if (models.DefaultModel is null)
                Tell("providers", Health.Warning, "No provider has a key: a session needs a model that needs none, as ollama/NAME.");

            async Task<(ProviderState Provider, ModelList Found)> AskAsync(ProviderState provider) =>
                (provider, await models.ListModelsAsync(provider.Name, s_patience, cancellationToken));
        }
    }

    private async Task LookAtAgentsAsync(CancellationToken cancellationToken)
    {
        var look = await AgentsLook.TakeAsync(surroundings, cancellationToken);
        foreach (var agent in look.Agents)
        {
            var version = agent.Probe?.Version is { } told ? $" ({told})" : "";
            Tell("agents", agent.Problem is null ? Health.Good : Health.Note, $"{agent.Kind.Name}: {agent.Problem ?? "can work" + version}.".Replace("..", ".", StringComparison.Ordinal));
        }

        foreach (var problem in look.Defined.Problems)
            Tell("agents", Health.Warning, problem.Message);
    }

    private void LookAtPrograms()
    {
        foreach (var (name, missing, why) in s_programs)
        {
            var path = ProgramPath.Find(name, surroundings.Folder, ChildEnvironment.Current());
            Tell("programs", path is null ? missing : Health.Good, path ?? $"{name} is not there: {why}.");
        }
    }

    private async Task LookAtSandboxAsync(SkeinHome home, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(home, surroundings);
        var sandboxes = new Sandboxes(home, settings, surroundings);
        var holds = (await sandboxes.OfAsync(surroundings.Folder, cancellationToken)).Holds;
        Tell("sandbox", holds ? Health.Good : Health.Warning, $"In this folder {await sandboxes.DescribeAsync(surroundings.Folder, cancellationToken)}.".Replace("..", ".", StringComparison.Ordinal));
    }

    private void LookAtTerminal()
    {
        var screen = surroundings.Out;
        Tell("terminal", Health.Good, screen.IsTerminal
            ? $"{screen.Width} columns, {screen.Height} lines, {(screen.HasColors ? "colours" : "no colours")} (TERM={surroundings.Variable("TERM") ?? "not set"})."
            : "The output goes to no terminal: it is plain.");
    }

    private bool Try(string area, Action look)
    {
        try
        {
            look();
            return true;
        }
        catch (Exception e) when (IsFinding(e))
        {
            Tell(area, Health.Wrong, e.Message);
            return false;
        }
    }

    private async Task TryAsync(string area, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (Exception e) when (IsFinding(e))
        {
            Tell(area, Health.Wrong, e.Message);
        }
    }

    private static bool IsFinding(Exception e) => e is SkeinException or IOException or UnauthorizedAccessException;

    private void Tell(string area, Health health, string text) => _findings.Add(new Finding(area, health, TerminalText.CleanLine(text)));
}
