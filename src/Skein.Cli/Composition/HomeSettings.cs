using Skein.Agent;
using Skein.Adapters;
using Skein.Agent.Agents;
using Skein.Agent.Commands;
using Skein.Agent.Mcp;
using Skein.Agent.Settings;
using Skein.Agent.Skills;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Cli.Composition;

/// <summary>The settings that hold for a home: the user's file, folders' own, and which folders the user trusts.</summary>
internal sealed class HomeSettings : IDisposable
{
    private readonly SkeinHome _home;
    private readonly SettingsReader _reader;
    private readonly McpConsents _consents;

    public HomeSettings(SkeinHome home, Surroundings surroundings)
    {
        _home = home;
        UserFile = SettingsReader.UserFile(ChildEnvironment.Current(), HomeOf(surroundings));
        Trusted = new TrustedFolders(home.Own);
        _reader = new SettingsReader(UserFile, Trusted);
        _consents = new McpConsents(home.Own);
    }

    public string UserFile { get; }

    public TrustedFolders Trusted { get; }

    /// <inheritdoc cref="SettingsReader.ReadAsync"/>
    public Task<LoadedSettings> ReadAsync(string? workspace, CancellationToken cancellationToken) => _reader.ReadAsync(workspace, cancellationToken);

    /// <summary>The folder that trust in a workspace is about: that of the settings file which holds there, else the workspace itself.</summary>
    public string FolderOf(string workspace, LoadedSettings loaded) =>
        loaded.Files.LastOrDefault(f => f != UserFile) is { } file ? Path.GetDirectoryName(file)! : workspace;

    /// <summary>The skills of the user and of the folders that the user trusts.</summary>
    public SkillFolders Skills(Surroundings surroundings) =>
        new(SkillFolders.OfUser(HomeOf(surroundings), Path.GetDirectoryName(UserFile)!), Trusted.IsTrustedAsync);

    /// <summary>The commands of the user and of the folders that the user trusts.</summary>
    public CommandFolders Commands(Surroundings surroundings) =>
        new(CommandFolders.OfUser(HomeOf(surroundings), Path.GetDirectoryName(UserFile)!), Trusted.IsTrustedAsync);

    /// <summary>The agents that the user and the folders that the user trusts define.</summary>
    public AgentFolders Agents(Surroundings surroundings) =>
        new(AgentFolders.OfUser(HomeOf(surroundings), Path.GetDirectoryName(UserFile)!), Trusted.IsTrustedAsync);

    /// <summary>Where the user may have instructions for agents in all projects.</summary>
    public IReadOnlyList<string> Instructions(Surroundings surroundings) =>
        [Path.Combine(Path.GetDirectoryName(UserFile)!, "AGENTS.md"), Path.Combine(HomeOf(surroundings), ".claude", "CLAUDE.md")];

    /// <summary>Gives a session's turns the limits and the effort that its folder's settings set.</summary>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox box, Session session, CancellationToken cancellationToken)
    {
        var settings = (await ReadAsync(session.Workspace, cancellationToken)).Settings;
        return box with { Limits = settings.Limits, Effort = settings.Effort };
    }

    /// <summary>Who names a session.</summary>
    public async ValueTask<TitleSettings> TitlesOfAsync(Session session, CancellationToken cancellationToken) =>
        (await ReadAsync(session.Workspace, cancellationToken)).Settings.Titles ?? new TitleSettings();

    /// <summary>Which MCP servers count in a folder.</summary>
    public McpFinder Mcp() => new(ReadAsync, Trusted, _consents, ToolsSee([]).GetValueOrDefault);

    /// <summary>The MCP servers, started when they are needed.</summary>
    /// <param name="tooling">What their programs see, and how they are confined.</param>
    /// <param name="keys">The keys that the user stored.</param>
    public McpServers McpServers(ToolSettings tooling, IReadOnlyDictionary<string, string> keys) => new(Mcp().FindAsync, _home.Own, tooling, keys);

    /// <summary>What servers of MCP that a command starts by itself see, and how they are confined.</summary>
    public ToolSettings Tooling(Surroundings surroundings) =>
        new(ToolsSee([]), surroundings.Time) { Confine = new Sandboxes(_home, this, surroundings).OfAsync };

    /// <summary>The prompts of the MCP servers that count in a folder and ran before.</summary>
    public async Task<IReadOnlyList<McpPrompt>> McpPromptsAsync(Surroundings surroundings, string folder, CancellationToken cancellationToken)
    {
        await using var servers = McpServers(Tooling(surroundings), new Dictionary<string, string>());
        return await new McpPrompts(servers).FindAsync(folder, cancellationToken);
    }

    /// <summary>The environment that tools and servers see.</summary>
    /// <param name="keyVariables">Variables that hold keys of providers.</param>
    public static IReadOnlyDictionary<string, string> ToolsSee(IReadOnlyList<string> keyVariables) =>
        ChildEnvironment.ForTools(ChildEnvironment.Current(), keyVariables);

    /// <summary>Whether an agent is a program of its own, rather than Skein's.</summary>
    public async Task<bool> IsDrivenAsync(string agent, CancellationToken cancellationToken) =>
        KnownAgents.Has(agent) || (await ReadAsync(null, cancellationToken)).Settings.Agents.ContainsKey(agent);

    /// <summary>Tells whether an agent of some name can be told more in a turn, as far as is known.</summary>
    public async Task<Func<string, bool>> SteersAsync(CancellationToken cancellationToken)
    {
        // Those of the settings speak ACP, which has no way for it.
        var configured = (await ReadAsync(null, cancellationToken)).Settings.Agents;
        return agent => !configured.ContainsKey(agent) && KnownAgents.MaySteer(agent);
    }

    /// <summary>The model that a session begins with which names none: what settings say is meant for their own agent, not for another that is driven.</summary>
    /// <param name="agent">Null: the settings' own.</param>
    public async Task<string?> ModelForAsync(string? agent, SkeinSettings settings, CancellationToken cancellationToken) =>
        agent is not null && agent != settings.Agent && await IsDrivenAsync(agent, cancellationToken) ? null : settings.Model;

    public void Dispose()
    {
        _consents.Dispose();
        Trusted.Dispose();
    }

    /// <summary>The user's home folder.</summary>
    public static string HomeOf(Surroundings surroundings) =>
        surroundings.Variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
