using System.Collections.Concurrent;
using Skein.Agent;
using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Cli.Composition;

/// <summary>
/// Decides about calls by the settings as they are at that moment: the user's rules, the folder's, and what was answered with
/// <c>always</c>. Where they cannot be read, nothing is allowed. Safe for use by many threads.
/// </summary>
internal sealed class Permissions
{
    private readonly HomeSettings _settings;
    private readonly RememberedPermissions _remembered;
    private readonly ConcurrentDictionary<string, PermissionRules> _latest = new(StringComparer.Ordinal);

    public Permissions(SkeinHome home, HomeSettings settings)
    {
        _settings = settings;
        _remembered = new RememberedPermissions(home.Path);
        Gate = new ToolGate(DecideAsync, RememberAsync);
    }

    public ToolGate Gate { get; }

    /// <summary>Whether rules keep what a walk of a folder finds from the model. Decided by the rules that allowed the walk.</summary>
    public bool IsWithheld(string workspace, string folder, string found) =>
        !_latest.TryGetValue(workspace, out var rules) || rules.Withholds(folder, found);

    private async ValueTask<ToolVerdict> DecideAsync(Session session, string tool, ToolIntent intent, CancellationToken cancellationToken)
    {
        try
        {
            var rules = await ReadAsync(session.Workspace, cancellationToken);
            return rules.Decide(session.Mode, tool, intent) switch
            {
                PermissionDecision.Allow => ToolVerdict.Allowed,
                PermissionDecision.Ask ask => new ToolVerdict.Ask(ask.Pattern),
                PermissionDecision.Deny deny => new ToolVerdict.Deny(deny.Message),
                var other => throw new InvalidOperationException($"There is no decision {other.GetType().Name}."),
            };
        }
        catch (Exception e) when (e is SkeinException or IOException or UnauthorizedAccessException)
        {
            return new ToolVerdict.Deny($"Whether this is allowed cannot be told, so it is not: {e.Message}");
        }
    }

    private async ValueTask RememberAsync(Session session, string tool, string pattern, CancellationToken cancellationToken) =>
        await _remembered.RememberAsync(session.Workspace, tool, pattern, cancellationToken);

    private async Task<PermissionRules> ReadAsync(string workspace, CancellationToken cancellationToken)
    {
        var loaded = await _settings.ReadAsync(workspace, cancellationToken);
        var rules = new PermissionRules(
            loaded.Settings.Permissions, loaded.Settings.Narrowing, await _remembered.InAsync(workspace, cancellationToken));
        _latest[workspace] = rules;
        return rules;
    }
}
