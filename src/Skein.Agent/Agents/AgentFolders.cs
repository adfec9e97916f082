using Skein.Agent.Definitions;
using Skein.Core;
using Skein.Core.Agents;

namespace Skein.Agent.Agents;

/// <summary>
/// Finds agents that files define: in the folders of the project, from the workspace up to the root of its repository, then in the user's.
/// Of two with one name the nearer one counts. What a folder says counts once the user trusts it. Safe for use by many threads.
/// </summary>
/// <param name="userFolders">The user's own, absolute, in order.</param>
/// <param name="isTrusted">Whether the user trusts a folder.</param>
public sealed class AgentFolders(IReadOnlyList<string> userFolders, Func<string, CancellationToken, Task<bool>> isTrusted)
{
    private static readonly string[] s_below = [".skein/agents", ".claude/agents"];

    private readonly DefinitionFolders _folders = new(s_below, userFolders, isTrusted);
    private readonly DefinitionCache<AgentFile> _agents = new(AgentFile.Read);

    /// <summary>Where a user has agents.</summary>
    /// <param name="home">The user's home folder.</param>
    /// <param name="configuration">The folder of the user's <c>skein.json</c>.</param>
    public static IReadOnlyList<string> OfUser(string home, string configuration) => DefinitionFolders.OfUser(home, Path.Combine(configuration, "agents"), s_below);

    /// <exception cref="DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<AgentSet> FindAsync(string workspace, CancellationToken cancellationToken)
    {
        var (found, untrusted) = await _folders.FindAsync(workspace, static folder => Directory.EnumerateFiles(folder, "*.md"), cancellationToken);
        var (agents, problems) = _agents.ReadAll(found, static a => a.Name);
        return new AgentSet(agents, problems, untrusted);
    }

    /// <inheritdoc cref="AgentFinder"/>
    public async ValueTask<DefinedAgent?> FindAsync(string name, string workspace, CancellationToken cancellationToken) =>
        await FileOfAsync(name, workspace, cancellationToken) is { } agent ? new DefinedAgent(agent.Model, agent.Mode) : null;

    /// <summary>Makes a turn that of the session's agent, where a file defines it: its prompt, and only its tools.</summary>
    /// <exception cref="InvalidRequestException">It is no longer there, or breaks a rule.</exception>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        if (session.Agent == SkeinAgent.Name)
            return own;

        var agent = await FileOfAsync(session.Agent, session.Workspace, cancellationToken)
            ?? throw new InvalidRequestException($"There is no agent '{session.Agent}' in {session.Workspace} any more: 'skein agents' lists those that there are.");
        return own with { Tools = [.. own.Tools.Where(t => agent.Has(t.Name))], Prompt = agent.ReadPrompt() };
    }

    private async Task<AgentFile?> FileOfAsync(string name, string workspace, CancellationToken cancellationToken)
    {
        var found = await FindAsync(workspace, cancellationToken);
        if (found.Agents.FirstOrDefault(a => a.Name == name) is { } agent)
            return agent;
        if (found.Problems.FirstOrDefault(p => Path.GetFileNameWithoutExtension(p.File) == name) is { } problem)
            throw new InvalidRequestException($"The agent '{name}' cannot be used: {problem.Message}");
        return null;
    }
}

/// <summary>The agents that files define for a workspace.</summary>
/// <param name="Agents">By name.</param>
/// <param name="Problems">Files that break a rule; they are left out.</param>
/// <param name="Untrusted">Folders of the project that have agents which do not count, since the user does not trust them.</param>
public sealed record AgentSet(IReadOnlyList<AgentFile> Agents, IReadOnlyList<DefinitionException> Problems, IReadOnlyList<string> Untrusted);
