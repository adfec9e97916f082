using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;

namespace Skein.EndToEnd;

/// <summary>
/// Somebody with a home and a project of their own, at a shell. What they started is ended, and what they have is gone, with them.
/// </summary>
public sealed class User : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skein-e2e-").FullName;
    private readonly List<RunningProgram> _running = [];

    public User()
    {
        Directory.CreateDirectory(Project);
        Variables = new Dictionary<string, string?>
        {
            ["SKEIN_HOME"] = Home,
            ["HOME"] = _folder,
            ["XDG_CONFIG_HOME"] = null,
            ["SKEIN_CONFIG"] = null,
            ["SKEIN_TOKEN"] = null,
            ["SKEIN_READ_TOKEN"] = null,
            ["OPENAI_API_KEY"] = null,
            ["OPENAI_BASE_URL"] = null,
            ["ANTHROPIC_API_KEY"] = null,
            ["ANTHROPIC_BASE_URL"] = null,
        };
    }

    public string Home => Path.Combine(_folder, "home");

    /// <summary>What <c>~</c> is, where other programs keep what is theirs.</summary>
    public string OwnFolder => _folder;

    public string Project => Path.Combine(_folder, "project");

    /// <summary>The environment, over that of the tests; null takes one away.</summary>
    public Dictionary<string, string?> Variables { get; }

    /// <summary>Links to programs, which are found first.</summary>
    private string Programs => Path.Combine(_folder, "bin");

    /// <summary>Puts a program of the tests' own onto the user's PATH.</summary>
    public void Install(string name, string program)
    {
        Directory.CreateDirectory(Programs);
        File.CreateSymbolicLink(Path.Combine(Programs, name), program);
    }

    /// <summary>Puts another program in the place of one that was installed: it is run by a shell.</summary>
    [UnsupportedOSPlatform("windows")]
    public void Replace(string name, string shellScript)
    {
        var file = Path.Combine(Programs, name);
        File.Delete(file);
        File.WriteAllText(file, "#!/bin/sh\n" + shellScript);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A script that <c>--model</c> takes: each step says a text.</summary>
    public string Script(params string[] texts) => ScriptOf([.. texts.Select(t => new { type = "text", text = t })]);

    /// <summary>A script that <c>--model</c> takes: a step for each part.</summary>
    public string ScriptOf(params object[] parts)
    {
        var path = Path.Combine(_folder, $"script-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new { steps = parts.Select(p => new { parts = new[] { p } }) }));
        return "scripted/" + path;
    }

    /// <summary>Writes a file of the project.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Project, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs the program to its end, with nothing at its standard input.</summary>
    public Task<ProgramRun> RunAsync(params string[] arguments) => RunAsync("", arguments);

    /// <summary>Runs the program to its end, with this text at its standard input.</summary>
    public async Task<ProgramRun> RunAsync(string input, string[] arguments)
    {
        using var program = Start(arguments);
        await program.Input.WriteAsync(input);
        program.Input.Close();
        return await program.EndAsync();
    }

    /// <summary>Runs the program to its end, which must be a good one.</summary>
    public async Task<ProgramRun> GoodAsync(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.True(run.Code == 0, $"skein {string.Join(' ', arguments)}\n{run}");
        return run;
    }

    /// <summary>Runs a shell line that knows the program as <c>skein</c>.</summary>
    public async Task<ProgramRun> ShellAsync(string line)
    {
        using var program = Start("sh", ["-c", line]);
        program.Input.Close();
        return await program.EndAsync();
    }

    /// <summary>Starts the program with a terminal of its own, at which the test types.</summary>
    public RunningProgram StartAtTerminal(string line) => Start("script", ["-qefc", line, "/dev/null"]);

    public RunningProgram Start(params string[] arguments) => Start(PublishedProgram.Path, arguments);

    /// <summary>Starts another program, in the same surroundings.</summary>
    public RunningProgram StartOther(string program, params string[] arguments) => Start(program, arguments);

    /// <summary>What <c>skein … --json</c> says.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        Assert.True(run.Code == 0, run.ToString());
        return JsonElement.Parse(run.Out);
    }

    /// <summary>The process of the server that runs.</summary>
    public async Task<int> ServerPidAsync() => (await JsonAsync("status")).GetProperty("pid").GetInt32();

    /// <summary>Waits for a server that was started by itself: a command would come to it too, or start another.</summary>
    public async Task UntilServedAsync()
    {
        while (!(await JsonAsync("status")).GetProperty("running").GetBoolean())
            await Task.Yield();
    }

    /// <summary>Kills the server as the machine would, and waits for its end.</summary>
    public async Task KillServerAsync()
    {
        using var server = Process.GetProcessById(await ServerPidAsync());
        server.Kill();
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _running)
            program.Dispose();
        if (Directory.Exists(Home))
            await StopServerAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StopServerAsync()
    {
        var file = Path.Combine(Home, "server.json");
        int? pid = File.Exists(file) ? JsonElement.Parse(await File.ReadAllBytesAsync(file)).GetProperty("pid").GetInt32() : null;
        using var stop = Process.Start(Describe(PublishedProgram.Path, ["stop"]))!;
        stop.StandardInput.Close();
        await Task.WhenAll(stop.StandardOutput.ReadToEndAsync(), stop.StandardError.ReadToEndAsync(), stop.WaitForExitAsync());
        if (stop.ExitCode != 0 && pid is { } stuck)
            Kill(stuck);
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended meanwhile.
        }
    }

    private RunningProgram Start(string program, string[] arguments)
    {
        var running = new RunningProgram(Process.Start(Describe(program, arguments))!, this);
        _running.Add(running);
        return running;
    }

    private ProcessStartInfo Describe(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Project,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        start.Environment["PATH"] = string.Join(Path.PathSeparator, Programs, Path.GetDirectoryName(PublishedProgram.Path), Environment.GetEnvironmentVariable("PATH"));
        return start;
    }
}

/// <summary>How a program ended, and what it said.</summary>
public sealed record ProgramRun(int Code, string Out, string Error)
{
    /// <summary>The lines of its standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public override string ToString() => $"exit code {Code}\n--- out\n{Out}\n--- error\n{Error}";
}
