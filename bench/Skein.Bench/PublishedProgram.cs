using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Skein.Client;

namespace Skein.Bench;

/// <summary>The published program with a home of its own, as a user has it.</summary>
internal sealed class PublishedProgram : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
    private Process? _server;

    public PublishedProgram()
    {
        if (!File.Exists(Executable))
            throw new FileNotFoundException($"Publish it first: dotnet publish src/Skein.Cli -c Release -p:PublishAot=true -o artifacts/skein ({Executable} is missing).");
        Directory.CreateDirectory(Workspace);
    }

    /// <summary>What is built and installed lies here.</summary>
    public static string Artifacts { get; } = Path.GetFullPath(Path.Combine(Here(), "..", "..", "artifacts"));

    /// <summary><c>SKEIN_TEST_PROGRAM</c> names another, as one for the runtime.</summary>
    public static string Executable { get; } = System.Environment.GetEnvironmentVariable("SKEIN_TEST_PROGRAM") ?? Path.Combine(Artifacts, "skein", "skein");

    /// <summary>The folder that has all of it.</summary>
    public string Own => _folder;

    public string Home => Path.Combine(_folder, "home");
    public string Workspace => Path.Combine(_folder, "workspace");
    public Dictionary<string, string> Environment { get; } = [];
    public int ServerPid => _server!.Id;

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments)
        {
            WorkingDirectory = Workspace,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SKEIN_HOME"] = Home;
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs a command to its end.</summary>
    /// <returns>Seconds.</returns>
    public double Time(params string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        using var process = Start(arguments);
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? watch.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"skein {string.Join(' ', arguments)}: exit code {process.ExitCode}: {process.StandardError.ReadToEnd()}");
    }

    /// <summary>Starts the server in the foreground and waits for its first answer.</summary>
    public async Task<SkeinClient> ServeAsync(CancellationToken cancellationToken)
    {
        _server = Start("serve");
        var socket = Path.Combine(Home, "run", "skein.sock");
        var client = SkeinClient.ForSocket(socket);

        // Looked for first: to be refused a thousand times a second would take from the cores that are being measured.
        while (!File.Exists(socket) && !_server.HasExited)
            await Task.Delay(1, cancellationToken);
        while (true)
        {
            try
            {
                await client.GetHealthAsync(cancellationToken);
                return client;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (_server.HasExited)
                    throw new InvalidOperationException($"skein serve: exit code {_server.ExitCode}: {await _server.StandardError.ReadToEndAsync(cancellationToken)}", e);

                // Not there yet: this is what is being measured.
                await Task.Delay(1, cancellationToken);
            }
        }
    }

    /// <summary>Resident memory of the server, in MiB.</summary>
    public double ServerMemory() => Status("VmRSS:") / 1024;

    /// <summary>The most it has had, in MiB.</summary>
    public double ServerPeak() => Status("VmHWM:") / 1024;

    /// <summary>CPU seconds of the server itself so far.</summary>
    public double ServerCpu() => Cpu(ServerPid, 11, 12);

    /// <summary>CPU seconds of a process, and of its children that have ended.</summary>
    public static double CpuWithChildren(int pid) => Cpu(pid, 11, 12, 13, 14);

    /// <summary>The processes that the server started.</summary>
    public IEnumerable<(int Pid, string Name)> ServerChildren() =>
        Directory.EnumerateDirectories($"/proc/{ServerPid}/task").SelectMany(t => File.ReadAllText(Path.Combine(t, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pid => (int.Parse(pid, CultureInfo.InvariantCulture), File.ReadAllText($"/proc/{pid}/comm").Trim()));

    /// <summary>Ends the server, as <c>kill</c> does where it is told nothing else.</summary>
    public async Task StopServerAsync()
    {
        using var kill = Process.Start("kill", [ServerPid.ToString(CultureInfo.InvariantCulture)]);
        await _server!.WaitForExitAsync();
        _server.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            if (!_server.HasExited)
                _server.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private static double Cpu(int pid, params int[] fields)
    {
        var all = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ');
        return fields.Sum(field => double.Parse(all[field], CultureInfo.InvariantCulture)) / 100;
    }

    private double Status(string field) =>
        double.Parse(
            File.ReadLines($"/proc/{ServerPid}/status").First(l => l.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
            CultureInfo.InvariantCulture);
}
