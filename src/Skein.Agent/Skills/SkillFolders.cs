using System.Collections.Concurrent;
using Skein.Agent.Projects;
using Skein.Core;
using Skein.Sandbox;

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

    // By file: read again when it changed, so that a turn costs no more than a look.
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>Where a user has skills.</summary>
    /// <param name="home">The user's home folder.</param>
    /// <param name="configuration">The folder of the user's <c>skein.json</c>.</param>
    public static IReadOnlyList<string> OfUser(string home, string configuration) =>
        [Path.Combine(configuration, "skills"), .. s_below.Select(b => Path.Combine(home, b))];

    /// <exception cref="DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<SkillSet> FindAsync(string workspace, CancellationToken cancellationToken)
    {
        var skills = new Dictionary<string, Skill>(StringComparer.Ordinal);
        var (problems, untrusted) = (new List<DefinitionException>(), new List<string>());
        foreach (var folder in ProjectFolders(RealPath.Of(workspace)).Where(f => !userFolders.Contains(f)))
        {
            var found = FoldersIn(folder);
            if (found.Count == 0)
                continue;
            if (await isTrusted(folder, cancellationToken))
                Read(found, skills, problems);
            else
                untrusted.Add(folder);
        }

        foreach (var folder in userFolders)
            Read(FoldersIn(folder), skills, problems);
        return new SkillSet([.. skills.Values.OrderBy(s => s.Name, StringComparer.Ordinal)], problems, untrusted);
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

    private static IEnumerable<string> ProjectFolders(string workspace) =>
        GitRepository.FoldersFrom(workspace).SelectMany(static folder => s_below.Select(below => Path.Combine(folder, below)));

    private static IReadOnlyList<string> FoldersIn(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateDirectories(folder).Where(f => File.Exists(Path.Combine(f, Skill.FileName))).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It cannot be read: what it holds is not known, and no turn fails for it.
            return [];
        }
    }

    private void Read(IReadOnlyList<string> folders, Dictionary<string, Skill> skills, List<DefinitionException> problems)
    {
        foreach (var folder in folders)
        {
            var known = Look(folder);
            if (known.Skill is { } skill)
                skills.TryAdd(skill.Name, skill);
            else
                problems.Add(known.Problem!);
        }
    }

    private Known Look(string folder)
    {
        var file = new FileInfo(Path.Combine(folder, Skill.FileName));
        var stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (_known.TryGetValue(folder, out var known) && known.Stamp == stamp)
            return known;

        try
        {
            known = new Known(stamp, Skill.Read(folder), null);
        }
        catch (DefinitionException e)
        {
            known = new Known(stamp, null, e);
        }

        return _known[folder] = known;
    }

    private sealed record Known((DateTime Written, long Length) Stamp, Skill? Skill, DefinitionException? Problem);
}

/// <summary>The skills of a workspace.</summary>
/// <param name="Skills">By name.</param>
/// <param name="Problems">Files that break a rule; they are left out.</param>
/// <param name="Untrusted">Folders of the project that have skills which do not count, since the user does not trust them.</param>
public sealed record SkillSet(IReadOnlyList<Skill> Skills, IReadOnlyList<DefinitionException> Problems, IReadOnlyList<string> Untrusted);
