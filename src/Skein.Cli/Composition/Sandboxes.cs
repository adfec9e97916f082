using Skein.Agent.Settings;
using Skein.Core;
using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Cli.Composition;

/// <summary>
/// How what runs in a folder is confined, by the settings as they are at that moment. What the system can do is looked at once. Where the
/// settings cannot be read there is no sandbox, and so nothing runs unasked. Safe for use by many threads.
/// </summary>
internal sealed class Sandboxes(SkeinHome home, HomeSettings settings, Surroundings surroundings)
{
    private readonly Lazy<Task<(Bubblewrap? Found, string? Missing)>> _bubblewrap =
        new(() => Bubblewrap.FindAsync(ChildEnvironment.Current(), surroundings.Time, CancellationToken.None));

    public async ValueTask<Confinement> OfAsync(string workspace, CancellationToken cancellationToken)
    {
        try
        {
            return await OfAsync(workspace, (await settings.ReadAsync(workspace, cancellationToken)).Settings.Sandbox, cancellationToken);
        }
        catch (Exception e) when (e is SkeinException or IOException or UnauthorizedAccessException)
        {
            return Confinement.Unavailable(e.Message);
        }
    }

    /// <summary>How a driven agent's program is confined there: not at all, unless the settings say that agents work in the sandbox.</summary>
    public async ValueTask<Confinement> OfAgentAsync(string workspace, CancellationToken cancellationToken)
    {
        var all = (await settings.ReadAsync(workspace, cancellationToken)).Settings;
        if (all.Workspace is not { Sandbox: true })
            return Confinement.Off;

        // Its model is somewhere in the network.
        var confinement = await OfAsync(workspace, all.Sandbox with { Network = true }, cancellationToken);
        return confinement.Holds || confinement.Missing is not null ? confinement : Confinement.Unavailable("'sandbox.enabled' is false");
    }

    /// <summary>For people: what holds a command that nobody is asked about.</summary>
    public async Task<string> DescribeAsync(string workspace, CancellationToken cancellationToken)
    {
        var confinement = await OfAsync(workspace, cancellationToken);
        if (confinement.Missing is { } missing)
            return $"no sandbox can be had, so commands are asked about: {missing}";

        if (!confinement.Holds)
            return "commands run without a sandbox, as the settings say";

        var network = (await settings.ReadAsync(workspace, cancellationToken)).Settings.Sandbox.Network == true;
        return $"commands run in a sandbox, {(network ? "with" : "without")} network";
    }

    private async ValueTask<Confinement> OfAsync(string workspace, SandboxSettings wanted, CancellationToken cancellationToken)
    {
        if (wanted.Enabled == false)
            return Confinement.Off;

        var (bubblewrap, missing) = await _bubblewrap.Value.WaitAsync(cancellationToken);
        return bubblewrap is null ? Confinement.Unavailable(missing!) : Confinement.In(bubblewrap, Policy(workspace, wanted));
    }

    private SandboxPolicy Policy(string workspace, SandboxSettings wanted)
    {
        var userHome = HomeSettings.HomeOf(surroundings);
        return new SandboxPolicy(RealPath.Of(workspace), userHome)
        {
            Network = wanted.Network == true,
            Writable = [.. wanted.Writable.Select(path => RealPath.Of(path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(userHome, path[2..]) : path))],
            Readable = [.. wanted.Home.Select(path => Path.Combine(userHome, path))],
            Hidden = [.. new[] { home.Path, home.Own, Path.GetDirectoryName(settings.UserFile)! }.Select(RealPath.Of).Distinct(StringComparer.Ordinal)],
        };
    }
}
