using Skein.Agent.Projects;
using Skein.Sandbox;

namespace Skein.Agent.Definitions;

/// <summary>
/// Where files that define something for agents are looked for: in folders of the project, from the workspace up to the root of its
/// repository, then in the user's. What a project's folder holds counts once the user trusts it.
/// </summary>
/// <param name="below">Relative to each folder of the project, in order.</param>
/// <param name="userFolders">The user's own, absolute, in order.</param>
/// <param name="isTrusted">Whether the user trusts a folder.</param>
internal sealed class DefinitionFolders(
    IReadOnlyList<string> below, IReadOnlyList<string> userFolders, Func<string, CancellationToken, Task<bool>> isTrusted)
{
    /// <summary>Where a user has them.</summary>
    /// <param name="home">The user's home folder.</param>
    /// <param name="configuration">The folder of the user's <c>skein.json</c>, and what they lie in below it.</param>
    public static IReadOnlyList<string> OfUser(string home, string configuration, IReadOnlyList<string> below) =>
        [configuration, .. below.Select(b => Path.Combine(home, b))];

    /// <param name="find">The definitions in one folder that exists.</param>
    /// <returns>The definitions that count, the nearest first, and the folders, or links to folders, that have some which do not.</returns>
    /// <exception cref="Skein.Core.DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<(IReadOnlyList<string> Found, IReadOnlyList<string> Untrusted)> FindAsync(
        string workspace, Func<string, IEnumerable<string>> find, CancellationToken cancellationToken)
    {
        var (found, untrusted) = (new List<string>(), new List<string>());
        foreach (var folder in GitRepository.FoldersFrom(RealPath.Of(workspace)).SelectMany(f => below.Select(b => Path.Combine(f, b))).Where(f => !userFolders.Contains(f)))
        {
            var there = In(folder, find);
            if (there.Count == 0)
                continue;
            if (!await isTrusted(folder, cancellationToken))
            {
                untrusted.Add(folder);
                continue;
            }

            // Trust does not reach where a link leads.
            var real = RealPath.Of(folder);
            foreach (var file in there)
            {
                if (OutsideOf(real, file) is { } elsewhere && !await isTrusted(elsewhere, cancellationToken))
                    untrusted.Add(file);
                else
                    found.Add(file);
            }
        }

        return ([.. found, .. userFolders.SelectMany(f => In(f, find))], untrusted);
    }

    /// <param name="folder">Without links.</param>
    /// <returns>The folder where a file really lies; null: within the other one.</returns>
    private static string? OutsideOf(string folder, string file)
    {
        try
        {
            var real = RealPath.Of(file);
            return RealPath.IsWithin(folder, real) ? null : Path.GetDirectoryName(real);
        }
        catch (IOException)
        {
            // Links in a circle: to read it fails, and tells so.
            return null;
        }
    }

    private static IReadOnlyList<string> In(string folder, Func<string, IEnumerable<string>> find)
    {
        try
        {
            return Directory.Exists(folder) ? [.. find(folder).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It cannot be read: what it holds is not known, and no turn fails for it.
            return [];
        }
    }
}
