using System.Globalization;

namespace Skein.Sandbox.Confining;

/// <summary>The sandbox that <c>bwrap</c> makes: namespaces of its own, and a file system that begins with nothing. Immutable.</summary>
public sealed class Bubblewrap
{
    private static readonly TimeSpan s_probeTime = TimeSpan.FromSeconds(10);

    // Ways to talk to programs outside, or to be loaded into one's own before the sandbox is made.
    private static readonly string[] s_withheldVariables =
    [
        "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "DISPLAY", "WAYLAND_DISPLAY",
        "XAUTHORITY", "XDG_RUNTIME_DIR", "DOCKER_HOST", "TMUX", "TMUX_PANE", "TMP", "TEMP", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV",
    ];

    private readonly string _program;
    private readonly string _limiter;
    private readonly string? _chooser;

    /// <param name="chooser">Tells the kernel whom to end first; null: it is left to choose.</param>
    private Bubblewrap(string program, string limiter, string? chooser) => (_program, _limiter, _chooser) = (program, limiter, chooser);

    /// <summary>Looks for the programs and makes one sandbox, since a system may have them and forbid their use.</summary>
    /// <returns>Null, and why.</returns>
    public static async Task<(Bubblewrap? Found, string? Missing)> FindAsync(
        IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            return (null, "bubblewrap, which makes sandboxes, is there for Linux alone");

        if (ProgramPath.Find("bwrap", "/", environment) is not { } program)
            return (null, "bwrap is not there (install bubblewrap)");

        if (ProgramPath.Find("prlimit", "/", environment) is not { } limiter)
            return (null, "prlimit is not there (install util-linux)");

        var found = new Bubblewrap(program, limiter, ProgramPath.Find("choom", "/", environment));
        var probe = new ChildStart("/bin/sh", ["-c", ":"], "/", environment) { Output = ChildOutput.Merged };
        using var timeout = new CancellationTokenSource(s_probeTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await using var child = ChildProcess.Start(found.Wrap(probe, new SandboxPolicy("/usr", "/nonexistent")));
            var said = await new StreamReader(child.Output).ReadToEndAsync(either.Token);
            var exit = await child.WaitAsync(either.Token);
            return exit.Code == 0 ? (found, null) : (null, $"{program} cannot make one here: {said.ReplaceLineEndings(" ").Trim()}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"{program} did not make one within {s_probeTime.TotalSeconds} seconds");
        }
        catch (ChildStartException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The same program in a sandbox. It ends with whoever starts it, and everything that it started ends with it.</summary>
    public ChildStart Wrap(ChildStart start, SandboxPolicy policy)
    {
        var environment = start.Environment
            .Where(static e => !s_withheldVariables.Contains(e.Key, StringComparer.Ordinal))
            .ToDictionary(static e => e.Key, static e => e.Value, StringComparer.Ordinal);
        environment["TMPDIR"] = "/tmp";
        environment["HOME"] = policy.UserHome;

        string[] network = policy.Network ? [] : ["--unshare-net"];
        string[] arguments =
        [
            // Nested user namespaces would give back the capabilities to mount, and with them most of the kernel's faults.
            "--unshare-user", "--disable-userns", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", .. network,
            "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--hostname", "sandbox",
            .. SandboxMounts.Of(policy), "--chdir", start.Folder,
            "--", .. EndedFirst, .. Limited(policy.Limits), start.Program, .. start.Arguments,
        ];
        return start with { Program = _program, Arguments = arguments, Folder = "/", Environment = environment, EndsWithUs = false };
    }

    // Where memory runs out, by many processes that each keep to their limit: before anything else of the user's.
    private string[] EndedFirst => _chooser is { } chooser ? [chooser, "-n", "1000", "--"] : [];

    // Inside: the count of processes then is the sandbox's, not the user's.
    private string[] Limited(SandboxLimits limits) =>
    [
        _limiter, "--core=0", Limit("data", limits.Memory), Limit("nproc", limits.Processes), Limit("fsize", limits.File), "--",
    ];

    private static string Limit(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");
}
