using System.Text.Json.Serialization;
using Skein.Agent.Settings;
using Skein.Sandbox;

namespace Skein.Agent.Permissions;

/// <summary>
/// What was answered with <c>always</c>, by workspace: one file in Skein's home, for the user alone, replaced as a whole. Safe for use by
/// many threads, and by several processes.
/// </summary>
/// <param name="home">Skein's home folder; made where it is missing.</param>
public sealed class RememberedPermissions(string home)
{
    public const string FileName = "permissions.json";

    private readonly string _path = Path.Combine(home, FileName);

    /// <summary>The rules to allow by in a workspace, oldest first.</summary>
    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood.</exception>
    public async Task<IReadOnlyList<PermissionRule>> InAsync(string workspace, CancellationToken cancellationToken)
    {
        var file = await ReadAsync(cancellationToken);
        return file.Workspaces.GetValueOrDefault(RealPath.Of(workspace), []);
    }

    /// <summary>Allows from now on, in one workspace, what a pattern matches. Completes once it is written.</summary>
    /// <param name="pattern">From <see cref="PermissionDecision.Ask"/>.</param>
    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood; it is left as it is.</exception>
    public async Task RememberAsync(string workspace, string tool, string pattern, CancellationToken cancellationToken)
    {
        var rule = new PermissionRule(tool, pattern, RuleAction.Allow);
        await ChangeAsync(workspace, rules => rules.Contains(rule) ? rules : [.. rules, rule], cancellationToken);
    }

    /// <summary>Asks again, in one workspace, about what a rule allowed. Completes once it is written.</summary>
    /// <returns>False: there is no such rule, as of now.</returns>
    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood; it is left as it is.</exception>
    public Task<bool> ForgetAsync(string workspace, PermissionRule rule, CancellationToken cancellationToken) =>
        ChangeAsync(workspace, rules => rules.Contains(rule) ? [.. rules.Where(r => r != rule)] : rules, cancellationToken);

    private async Task<bool> ChangeAsync(
        string workspace, Func<IReadOnlyList<PermissionRule>, IReadOnlyList<PermissionRule>> change, CancellationToken cancellationToken)
    {
        // A server and a command line may change it at the same moment.
        PrivateFile.MakeFolder(home);
        using var alone = await FileLock.TakeAsync(_path + ".lock", cancellationToken);
        var file = await ReadAsync(cancellationToken);
        var known = file.Workspaces.GetValueOrDefault(RealPath.Of(workspace), []);
        var changed = change(known);
        if (ReferenceEquals(known, changed))
            return false;

        var workspaces = new SortedDictionary<string, IReadOnlyList<PermissionRule>>(file.Workspaces, StringComparer.Ordinal);
        if (changed.Count > 0)
            workspaces[RealPath.Of(workspace)] = changed;
        else
            workspaces.Remove(RealPath.Of(workspace));
        await PrivateFile.WriteAsync(_path, new PermissionsFile(workspaces), PermissionJson.Default.PermissionsFile, cancellationToken);
        return true;
    }

    private async Task<PermissionsFile> ReadAsync(CancellationToken cancellationToken) =>
        await PrivateFile.ReadAsync(_path, PermissionJson.Default.PermissionsFile, cancellationToken)
        ?? new PermissionsFile(new SortedDictionary<string, IReadOnlyList<PermissionRule>>(StringComparer.Ordinal));
}

/// <param name="Workspaces">By real path.</param>
internal sealed record PermissionsFile(SortedDictionary<string, IReadOnlyList<PermissionRule>> Workspaces);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PermissionsFile))]
internal sealed partial class PermissionJson : JsonSerializerContext;
