using Skein.Agent.Definitions;
using Skein.Core;

namespace Skein.Agent.Skills;

/// <summary>
/// Finds skills: in the folders of the project, from the workspace up to the root of its repository, then in the user's. Of two with one
/// name the nearer one counts. What a folder says counts once the user trusts it. Safe for use by many threads.
/// </summary>
/// <param name="userFolders">The user's own, absolute, in order.</param>
/// <param name="isTrusted">Whether the user trusts a folder.</param>
public sealed class SkillFolders(IReadOnlyList<string> userFolders, Func<string, CancellationToken, Task<bool>> isTrusted)
{
    private static readonly string[] s_below = [".skein/skills", ".agents/skills", ".claude/skills"];

    private readonly DefinitionFolders _folders = new(s_below, userFolders, isTrusted);
    private readonly DefinitionCache<Skill> _skills = new(Skill.Read);

    /// <summary>Where a user has skills.</summary>
    /// <param name="home">The user's home folder.</param>
    /// <param name="configuration">The folder of the user's <c>skein.json</c>.</param>
    public static IReadOnlyList<string> OfUser(string home, string configuration) => DefinitionFolders.OfUser(home, Path.Combine(configuration, "skills"), s_below);

    /// <exception cref="DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<SkillSet> FindAsync(string workspace, CancellationToken cancellationToken)
    {
        var (found, untrusted) = await _folders.FindAsync(workspace, FilesIn, cancellationToken);
        var (skills, problems) = _skills.ReadAll(found, static s => s.Name);
        return new SkillSet(skills, problems, untrusted);
    }

    /// <summary>Adds the tool <c>skill</c> where there are any.</summary>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        var found = (await FindAsync(session.Workspace, cancellationToken)).Skills;
        if (found.Count == 0)
            return own;

        var tool = new SkillTool(found);
        return own with { Tools = [.. own.Tools, tool], Gate = tool.Narrow(own.Gate) };
    }

    private static IEnumerable<string> FilesIn(string folder) =>
        Directory.EnumerateDirectories(folder).Select(static f => Path.Combine(f, Skill.FileName)).Where(File.Exists);
}

/// <summary>The skills of a workspace.</summary>
/// <param name="Skills">By name.</param>
/// <param name="Problems">Files that break a rule; they are left out.</param>
/// <param name="Untrusted">Folders of the project that have skills which do not count, since the user does not trust them.</param>
public sealed record SkillSet(IReadOnlyList<Skill> Skills, IReadOnlyList<DefinitionException> Problems, IReadOnlyList<string> Untrusted);
