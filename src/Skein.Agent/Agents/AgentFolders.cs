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
        FileOf(await FindAsync(workspace, cancellationToken), name) is { } agent ? new DefinedAgent(agent.Model, agent.Mode) : null;

    /// <summary>
    /// Gives a turn the tool that hands out work, and makes it that of the session's agent, where a file defines it: its prompt, and only
    /// its tools.
    /// </summary>
    /// <exception cref="InvalidRequestException">It is no longer there, or breaks a rule.</exception>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        var found = await FindAsync(session.Workspace, cancellationToken);
        var all = own with { Tools = [.. own.Tools, new TaskTool(found.Agents)] };
        if (session.Agent == SkeinAgent.Name)
            return all;

        var agent = FileOf(found, session.Agent)
            ?? throw new InvalidRequestException($"There is no agent '{session.Agent}' in {session.Workspace} any more: 'skein agents' lists those that there are.");
        return all with { Tools = [.. all.Tools.Where(t => agent.Has(t.Name))], Prompt = agent.ReadPrompt() };
    }

    private static AgentFile? FileOf(AgentSet found, string name)
    {
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
