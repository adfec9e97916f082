using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>Which agents' own sessions can be looked at, by name.</summary>
public static class AgentArchives
{
    /// <param name="all">The environment that says where agents keep their files.</param>
    /// <returns>Null: there is no such agent.</returns>
    public static IAgentArchive? Find(string name, AgentCatalog agents, IReadOnlyDictionary<string, string> all, IdSource ids)
    {
        var home = all.GetValueOrDefault("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return name switch
        {
            "claude" => new ClaudeArchive(all.GetValueOrDefault("CLAUDE_CONFIG_DIR") ?? Path.Combine(home, ".claude"), ids),
            "codex" => new CodexArchive(all.GetValueOrDefault("CODEX_HOME") ?? Path.Combine(home, ".codex"), ids),
            _ when (agents.Named.FirstOrDefault(a => a.Name == name) ?? KnownAgents.Spelled(name)) is { } agent => new AcpArchive(agents.Options(agent), ids),
            _ => null,
        };
    }
}
