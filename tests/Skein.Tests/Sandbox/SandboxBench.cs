using System.Net.Sockets;
using System.Runtime.Versioning;
using Skein.Sandbox;
using Skein.Sandbox.Confining;
using Skein.Testing;

namespace Skein.Tests.Sandbox;

/// <summary>Who runs a sandbox: the user of the tests, or one without any rights (which it is already where the tests are not root's).</summary>
public enum Who
{
    Us,
    Nobody,
}

/// <summary>A workspace that commands are confined to, and beside it a secret and a home that they must not reach.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class SandboxBench : IDisposable
{
    protected const string Secret = "the geese are in the barn";

    private const UnixFileMode All = (UnixFileMode)0x1ff;

    private readonly string _root = RealPath.Of(Directory.CreateTempSubdirectory("skein-").FullName);

    protected SandboxBench()
    {
        Requires.Programs("bwrap", "prlimit", "setpriv");
        foreach (var folder in new[] { _root, Workspace, Outside, Home })
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, All);
        }

        File.WriteAllText(SecretFile, Secret);
        Policy = new SandboxPolicy(Workspace, Home);
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected string Workspace => Path.Combine(_root, "work");

    protected string Outside => Path.Combine(_root, "outside");

    protected string Home => Path.Combine(_root, "home");

    protected string SecretFile => Path.Combine(Outside, "secret");

    protected SandboxPolicy Policy { get; set; }

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Put(string path, string content)
    {
        var full = Path.Combine(Workspace, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return full;
    }

    /// <summary>Runs a shell line in the sandbox to its end.</summary>
    protected async Task<(int Code, string Output)> RunAsync(Who who, string command, params (string Name, string Value)[] environment)
    {
        await using var child = await StartAsync(who, command, environment);
        var output = await new StreamReader(child.Output).ReadToEndAsync(Cancellation);
        return ((await child.WaitAsync(Cancellation)).Code, output);
    }

    /// <summary>Runs a shell line beside the workspace, outside of any sandbox, as whoever then runs in one.</summary>
    protected async Task OutsideAsync(Who who, string command)
    {
        var variables = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["HOME"] = Home };
        await using var child = ChildProcess.Start(As(who, new ChildStart("/bin/bash", ["-c", command], _root, variables) { Output = ChildOutput.Merged }));
        var said = await new StreamReader(child.Output).ReadToEndAsync(Cancellation);
        Assert.True((await child.WaitAsync(Cancellation)).Code == 0, said);
    }

    /// <summary>Runs a shell line in the sandbox, or outside of it, where whoever starts it has a terminal.</summary>
    /// <returns>Its exit code and what the terminal showed.</returns>
    protected async Task<(int Code, string Shown)> AtTerminalAsync(Who who, string command, bool isConfined)
    {
        var variables = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" };
        var start = new ChildStart("/bin/bash", ["-c", command], Workspace, variables) { Output = ChildOutput.Merged };
        var inner = isConfined ? (await FindAsync(variables)).Wrap(start, Policy) : start;

        // As tools are run: none of its three streams is the terminal.
        var line = string.Join(' ', inner.Arguments.Prepend(inner.Program).Select(static word => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'"));
        await using var child = ChildProcess.Start(As(who, start with { Program = "script", Arguments = ["-qefc", $"{line} < /dev/null > /dev/null 2>&1", "/dev/null"] }));
        var shown = await new StreamReader(child.Output).ReadToEndAsync(Cancellation);
        return ((await child.WaitAsync(Cancellation)).Code, shown);
    }

    protected async Task<ChildProcess> StartAsync(Who who, string command, params (string Name, string Value)[] environment)
    {
        var variables = environment.Append(("PATH", "/usr/bin:/bin")).ToDictionary(static e => e.Item1, static e => e.Item2);
        var start = (await FindAsync(variables)).Wrap(new ChildStart("/bin/bash", ["-c", command], Policy.Workspace, variables) { Output = ChildOutput.Merged, Input = ChildInput.Piped }, Policy);
        return ChildProcess.Start(As(who, start));
    }

    private static async Task<Bubblewrap> FindAsync(Dictionary<string, string> variables)
    {
        var (bubblewrap, missing) = await Bubblewrap.FindAsync(variables, TimeProvider.System, Cancellation);
        Assert.Null(missing);
        return bubblewrap!;
    }

    private static ChildStart As(Who who, ChildStart start) => who == Who.Nobody && Environment.UserName == "root"
        ? start with { Program = "setpriv", Arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", start.Program, .. start.Arguments] }
        : start;

    /// <summary>A Unix socket that waits for somebody to connect.</summary>
    /// <param name="name">A path, or a name that begins with U+0000: an abstract one.</param>
    protected static Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(name));
        socket.Listen();
        return socket;
    }
}
