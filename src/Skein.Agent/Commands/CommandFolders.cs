using Skein.Agent.Definitions;

namespace Skein.Agent.Commands;

/// <summary>
/// Finds commands: in the folders of the project, from the workspace up to the root of its repository, then in the user's. Of two with one
/// name the nearer one counts. What a folder says counts once the user trusts it. Safe for use by many threads.
/// </summary>
/// <param name="userFolders">The user's own, absolute, in order.</param>
/// <param name="isTrusted">Whether the user trusts a folder.</param>
public sealed class CommandFolders(IReadOnlyList<string> userFolders, Func<string, CancellationToken, Task<bool>> isTrusted)
{
    internal const string FolderName = "commands";

    // Folders in folders that are looked into, and files that are looked at: a mistaken folder must not hold up every prompt.
    private const int Deepest = 3;
    private const int MostFiles = 1000;

    private static readonly string[] s_below = [".skein/commands", ".claude/commands"];

    private readonly DefinitionFolders _folders = new(s_below, userFolders, isTrusted);
    private readonly DefinitionCache<CommandFile> _commands = new(CommandFile.Read);

    /// <summary>Where a user has commands.</summary>
    /// <param name="home">The user's home folder.</param>
    /// <param name="configuration">The folder of the user's <c>skein.json</c>.</param>
    public static IReadOnlyList<string> OfUser(string home, string configuration) => DefinitionFolders.OfUser(home, Path.Combine(configuration, FolderName), s_below);

    /// <exception cref="Skein.Core.DamagedException">Which folders are trusted cannot be read.</exception>
    public async Task<CommandSet> FindAsync(string workspace, CancellationToken cancellationToken)
    {
        var (found, untrusted) = await _folders.FindAsync(workspace, FilesIn, cancellationToken);
        var (commands, problems) = _commands.ReadAll(found, static c => c.Name);
        return new CommandSet(commands, problems, untrusted);
    }

    private static IEnumerable<string> FilesIn(string folder) => Directory
        .EnumerateFiles(folder, "*.md", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = Deepest, AttributesToSkip = FileAttributes.None })
        .Take(MostFiles);
}

/// <summary>The commands of a workspace.</summary>
/// <param name="Commands">By name.</param>
/// <param name="Problems">Files that break a rule; they are left out.</param>
/// <param name="Untrusted">Folders of the project that have commands which do not count, since the user does not trust them.</param>
public sealed record CommandSet(IReadOnlyList<CommandFile> Commands, IReadOnlyList<DefinitionException> Problems, IReadOnlyList<string> Untrusted);
