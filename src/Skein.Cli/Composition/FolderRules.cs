using Skein.Agent.Permissions;

namespace Skein.Cli.Composition;

/// <param name="From">The settings file that says it; null: it was answered with <c>always</c>.</param>
internal sealed record FolderRule(PermissionRule Rule, string? From);

/// <summary>The rules that hold for calls of tools in a folder, in the order in which they are asked.</summary>
internal sealed class FolderRules : IDisposable
{
    private readonly HomeSettings _settings;
    private readonly RememberedPermissions _remembered;

    public FolderRules(Surroundings surroundings)
    {
        var home = SkeinHome.Of(surroundings);
        _settings = new HomeSettings(home, surroundings);
        _remembered = new RememberedPermissions(home.Path);
    }

    public async Task<IReadOnlyList<FolderRule>> InAsync(string workspace, CancellationToken cancellationToken)
    {
        var own = (await _settings.ReadAsync(null, cancellationToken)).Settings.Permissions;
        var loaded = await _settings.ReadAsync(workspace, cancellationToken);
        var project = loaded.Files.LastOrDefault(f => f != _settings.UserFile);
        return
        [
            .. own.Select(r => new FolderRule(r, _settings.UserFile)),
            .. loaded.Settings.Permissions.Skip(own.Count).Concat(loaded.Settings.Narrowing).Select(r => new FolderRule(r, project)),
            .. (await _remembered.InAsync(workspace, cancellationToken)).Select(r => new FolderRule(r, null)),
        ];
    }

    /// <inheritdoc cref="RememberedPermissions.ForgetAsync"/>
    public Task<bool> ForgetAsync(string workspace, PermissionRule rule, CancellationToken cancellationToken) =>
        _remembered.ForgetAsync(workspace, rule, cancellationToken);

    public void Dispose() => _settings.Dispose();
}
