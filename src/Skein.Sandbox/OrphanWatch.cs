namespace Skein.Sandbox;

/// <summary>
/// Ends a child's group, and what comes from it outside of that, when this process is gone, however it went: a shell in a session of its own
/// reads from a pipe whose other end only this process has, and kills them at its end.
/// </summary>
internal sealed class OrphanWatch : IAsyncDisposable
{
    // As ChildProcess.Kill does it. "--" before the group's number would be right, but dash does not know it.
    private const string Script = """
        below() { for list in /proc/$1/task/*/children; do read -r all < $list; for one in $all; do (below $one); kill -KILL $one; done; done; }
        read -r _
        exec 2>/dev/null
        kill -STOP "-$1"
        below $1
        kill -KILL "-$1"
        """;

    private readonly ChildProcess _shell;

    private OrphanWatch(ChildProcess shell) => _shell = shell;

    /// <param name="group">The child's process group, whose number stays taken until <see cref="End"/> was called.</param>
    /// <exception cref="ChildStartException">There is no <c>/bin/sh</c>.</exception>
    public static OrphanWatch Over(int group) => new(ChildProcess.Start(
        new ChildStart("/bin/sh", ["-c", Script, "sh", group.ToString(System.Globalization.CultureInfo.InvariantCulture)], "/", new Dictionary<string, string>())
        {
            Input = ChildInput.Piped,
            Output = ChildOutput.Discarded,
        }));

    /// <summary>The group is no longer watched. At once: before its number can be another's.</summary>
    public void End() => _shell.Kill();

    /// <summary>Waits for the end of the watching itself.</summary>
    public ValueTask DisposeAsync() => _shell.DisposeAsync();
}
