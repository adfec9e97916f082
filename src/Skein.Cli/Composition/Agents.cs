using Skein.Adapters;
using Skein.Adapters.Driving;
using Skein.Agent;
using Skein.Agent.Checkpoints;
using Skein.Agent.Commands;
using Skein.Agent.Hooks;
using Skein.Agent.Mcp;
using Skein.Agent.Projects;
using Skein.Agent.Providers;
using Skein.Agent.Providers.Records;
using Skein.Agent.Settings;
using Skein.Agent.Telemetry;
using Skein.Agent.Tools;
using Skein.Agent.Worktrees;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;
using Skein.Core.Running;
using Skein.Sandbox;

namespace Skein.Cli.Composition;

/// <summary>The agents that sessions of this home can have, and what a session has that names nothing.</summary>
internal sealed class Agents : IAsyncDisposable
{
    private readonly ModelCatalog _models;
    private readonly McpServers _mcp;
    private readonly FileCheckpoints _files;

    private Agents(ModelCatalog models, McpServers mcp, FileCheckpoints files, AgentKinds kinds, AgentCatalog driven, SessionsOptions defaults)
    {
        (_models, _mcp, _files) = (models, mcp, files);
        Kinds = kinds;
        Driven = driven;
        SessionDefaults = defaults;
    }

    public AgentKinds Kinds { get; }

    public AgentCatalog Driven { get; }

    public SessionsOptions SessionDefaults { get; }

    /// <param name="user">The user's own settings.</param>
    /// <param name="keys">The keys that the user stored.</param>
    /// <param name="telemetry">Null: nothing is traced.</param>
    /// <exception cref="SettingsException">They name an agent that there is not.</exception>
    public static Agents Open(
        SkeinHome home, LoadedSettings user, IReadOnlyDictionary<string, string> keys, HomeSettings settings, AgentTelemetry? telemetry, Surroundings surroundings)
    {
        var (providers, scripts) = Providers.Of(user.Settings, keys);
        var models = new ModelCatalog(providers, surroundings.Variable, scripts, surroundings.Time, surroundings.Record is { } record ? new ModelRecorder(record) : null, telemetry);
        var permissions = new Permissions(home, settings);
        var keyVariables = providers.Select(p => p.KeyVariable).OfType<string>().ToList();
        var sandboxes = new Sandboxes(home, settings, surroundings);
        var tooling = new ToolSettings(HomeSettings.ToolsSee(keyVariables), surroundings.Time)
        {
            HiddenFolders = [.. new[] { home.Path, home.Own }.Distinct(StringComparer.Ordinal).Select(RealPath.Of)],
            IsWithheld = permissions.IsWithheld,
            PrivateHosts = async (workspace, token) => (await settings.ReadAsync(workspace, token)).Settings.Fetch.Private,
            Confine = sandboxes.OfAsync,
        };
        var stored = keys.Select(k => KeyValuePair.Create($"{k.Key}_API_KEY", k.Value));
        var skills = settings.Skills(surroundings);
        var defined = settings.Agents(surroundings);
        var mcp = settings.McpServers(tooling, keys);
        var hooks = new SessionHooks(settings.ReadAsync, tooling);
        var prompts = new McpPrompts(mcp);
        var commands = new CommandExpander(settings.Commands(surroundings), permissions.Gate, tooling);
        var own = SkeinAgent.Kind(
            models, new Toolbox(BuiltInTools.All(tooling), permissions.Gate) { UserInstructions = settings.Instructions(surroundings) }, surroundings.Time,
            async (box, session, token) => await hooks.ExtendAsync(await defined.ExtendAsync(await mcp.ExtendAsync(
                await skills.ExtendAsync(await settings.ExtendAsync(box, session, token), session, token), session, token), session, token), session, token))
            with { MakeTitle = new TitleWriter(models, settings.TitlesOfAsync, surroundings.Time).MakeAsync };
        var driven = new AgentCatalog(
            user.Settings.Agents.Values.Select(a => KnownAgents.Acp(a.Name, a.Command, a.Environment)), tooling.Environment, ChildEnvironment.Current(), surroundings.Time,
            async (workspace, token) => (await settings.ReadAsync(workspace, token)).Settings.Workspace?.Container, sandboxes.OfAgentAsync,
            new SilenceLimits(Longest(user.Settings.SilenceSeconds ?? SkeinSettings.UsualSilenceSeconds), Longest(user.Settings.CallSilenceSeconds ?? SkeinSettings.UsualCallSilenceSeconds)));
        string[] names = [own.Name, .. driven.Named.Select(a => a.Name)];
        var agent = user.Settings.Agent ?? own.Name;
        if (!names.Contains(agent))
            throw new SettingsException(settings.UserFile, "agent", $"must be the name of an agent: {string.Join(", ", names)}.");

        var model = agent == own.Name ? user.Settings.Model ?? models.DefaultModel : null;
        var files = new FileCheckpoints(
            home.Path, tooling.HiddenFolders, surroundings.Variable,
            async (workspace, token) => (await settings.ReadAsync(workspace, token)).Settings.Checkpoints != false);
        var defaults = new SessionsOptions(
            agent, model, user.Settings.Mode ?? PermissionMode.Ask, Environment.MachineName,
            user.Settings.Redaction == false ? Redactor.Off : Redactor.For([.. ChildEnvironment.Current(), .. stored], keyVariables),
            new ProjectFinder(surroundings.Variable("PATH"), surroundings.Time).FindAsync,
            async (session, text, token) => await hooks.OnPromptAsync(session, text, await commands.ExpandAsync(session, text, token) ?? await prompts.ExpandAsync(session, text, token), token),
            files,
            new GitWorktrees(home.Path, files, surroundings.Variable, settings.Trusted, surroundings.Time));
        var kinds = new AgentKinds(
            [Traced(hooks.Around(own with { DefaultModel = model ?? models.DefaultModel })), .. driven.Kinds.Select(k => Traced(hooks.AroundDriven(k)))], name => driven.Find(name) is { } kind ? Traced(hooks.AroundDriven(kind)) : null, defined.FindAsync);
        return new Agents(models, mcp, files, kinds, driven, defaults);

        static TimeSpan Longest(int seconds) => seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

        AgentKind Traced(AgentKind kind) => telemetry?.Around(kind) ?? kind;
    }

    public async ValueTask DisposeAsync()
    {
        await _mcp.DisposeAsync();
        _files.Dispose();
        _models.Dispose();
    }
}
