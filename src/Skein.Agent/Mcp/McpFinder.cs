using Skein.Agent.Projects;
using Skein.Agent.Settings;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>
/// The servers that count in a workspace: those of the settings, and, once the folder is trusted and each was agreed to, those of the
/// project's <c>.mcp.json</c>. Safe for use by many threads.
/// </summary>
/// <param name="read">The settings for a workspace.</param>
/// <param name="variable">What <c>${NAME}</c> in a <c>.mcp.json</c> stands for.</param>
public sealed class McpFinder(
    Func<string, CancellationToken, Task<LoadedSettings>> read, TrustedFolders trusted, McpConsents consents, Func<string, string?> variable)
{
    public const string FileName = ".mcp.json";

    /// <exception cref="SettingsException">A file cannot be read or breaks a rule.</exception>
    /// <exception cref="Skein.Core.DamagedException">What is trusted or agreed to cannot be read.</exception>
    public async Task<McpServerSet> FindAsync(string workspace, CancellationToken cancellationToken)
    {
        var servers = new List<McpServer>((await read(workspace, cancellationToken)).Settings.Mcp.Values);
        var waiting = new List<McpServer>();
        if (FindFile(workspace) is { } file && await trusted.IsTrustedAsync(FolderOf(file), cancellationToken))
        {
            foreach (var server in (await McpParser.ReadFileAsync(file, variable, cancellationToken)).Where(s => servers.All(o => o.Name != s.Name)))
                (await consents.HasAsync(FolderOf(file), server, cancellationToken) ? servers : waiting).Add(server);
        }

        return new McpServerSet(servers, waiting);
    }

    /// <summary>Agrees to a server that waits.</summary>
    public Task AllowAsync(string workspace, McpServer server, CancellationToken cancellationToken) =>
        consents.AllowAsync(FolderOf(FindFile(workspace) ?? throw new InvalidOperationException($"There is no {FileName} in {workspace}.")), server, cancellationToken);

    /// <summary>The nearest <c>.mcp.json</c> from the workspace up to the root of its repository; null: none.</summary>
    public static string? FindFile(string workspace) =>
        GitRepository.FoldersFrom(RealPath.Of(workspace)).Select(static folder => Path.Combine(folder, FileName)).FirstOrDefault(File.Exists);

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!;
}
