using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using Skein.Sandbox;

namespace Skein.Tests.Sandbox;

[UnsupportedOSPlatform("windows")]
public sealed class ChildProcessTests : IDisposable
{
    private static readonly Dictionary<string, string> s_environment = new() { ["PATH"] = "/usr/bin:/bin" };
    private readonly string _folder = Directory.CreateTempSubdirectory("skein-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_child_sees_exactly_the_environment_it_is_given()
    {
        await using var child = ChildProcess.Start(new ChildStart("/usr/bin/env", [], _folder, new Dictionary<string, string> { ["ONE"] = "1 =", ["Ä"] = "ö" }));

        Assert.Equal(["ONE=1 =", "Ä=ö"], (await ReadAsync(child.Output)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_child_runs_in_its_folder_in_a_session_and_group_of_its_own()
    {
        await using var child = Shell("pwd; ps -o pid=,pgid=,sid= -p $$");

        var lines = (await ReadAsync(child.Output)).Split('\n');

        Assert.Equal(_folder, lines[0]);
        Assert.Equal(Enumerable.Repeat($"{child.Pid}", 3), lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_shell_changes_the_folder_where_the_system_cannot()
    {
        var (path, argv) = SpawnCall.ThroughShell("/usr/bin/printf", ["%s|", "a b", "$x'", ""], _folder);
        await using var printed = ChildProcess.Start(new ChildStart(path, [.. argv.Skip(1)], "/", s_environment));
        var (_, pwd) = SpawnCall.ThroughShell("/bin/pwd", [], _folder);
        await using var where = ChildProcess.Start(new ChildStart(path, [.. pwd.Skip(1)], "/", s_environment));

        Assert.Equal("a b|$x'||", await ReadAsync(printed.Output));
        Assert.Equal(_folder + "\n", await ReadAsync(where.Output));
    }

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 7", 7, null)]
    [InlineData("kill -9 $$", 137, 9)]
    [InlineData("kill -15 $$", 143, 15)]
    public async Task How_a_child_ended_is_told(string script, int code, int? signal)
    {
        await using var child = Shell(script);

        Assert.Equal(new ChildExit(code, signal), await child.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task An_ended_child_leaves_no_zombie()
    {
        await using var child = Shell("exit 3");

        await child.WaitAsync(Cancellation);

        Assert.False(Directory.Exists($"/proc/{child.Pid}"));
        child.Kill();
        child.Interrupt();
    }

    [Fact]
    public async Task The_runtime_s_own_processes_do_not_take_our_exit_codes()
    {
        // Once this class is used, the runtime handles SIGCHLD and looks at every child that ended.
        using var theirs = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exit 4"]))!;
        var ours = Enumerable.Range(1, 30).Select(code => Shell($"exit {code}")).ToList();

        var codes = await Task.WhenAll(ours.Select(child => child.WaitAsync(Cancellation)));
        await theirs.WaitForExitAsync(Cancellation);

        Assert.Equal(Enumerable.Range(1, 30), codes.Select(exit => exit.Code));
        Assert.Equal(4, theirs.ExitCode);
        foreach (var child in ours)
            await child.DisposeAsync();
    }

    [Fact]
    public async Task A_program_started_where_exit_codes_are_thrown_away_still_learns_them()
    {
        // This very program, started by a shell that ignores SIGCHLD (dash would not), runs other tests of this class.
        var test = $"{typeof(ChildProcessTests).FullName}.{nameof(How_a_child_ended_is_told)}";
        var environment = new Dictionary<string, string>(ChildEnvironment.Current());
        await using var child = ChildProcess.Start(new ChildStart(
            "/bin/bash", ["-c", "trap '' CHLD; exec \"$@\"", "sh", Environment.ProcessPath!, .. Self(), "-method", test, "-noColor"], _folder, environment)
        { Output = ChildOutput.Merged });

        var output = await ReadAsync(child.Output);

        Assert.True((await child.WaitAsync(Cancellation)).Code == 0 && output.Contains("Total: 4, Errors: 0, Failed: 0", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task Killing_ends_the_whole_group()
    {
        await using var child = Shell("sleep 600 & echo $!; wait");
        var grandchild = int.Parse((await new StreamReader(child.Output).ReadLineAsync(Cancellation))!, null);
        using var watched = Process.GetProcessById(grandchild);

        child.Kill();

        Assert.Equal(9, (await child.WaitAsync(Cancellation)).Signal);
        await watched.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task Killing_one_that_ends_with_us_ends_what_it_runs_in_other_sessions_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nobody tells who comes from whom.");
        await using var child = Shell("setsid sh -c 'sleep 600 & echo $!; wait' & wait", static start => start with { EndsWithUs = true });
        var grandchild = int.Parse((await new StreamReader(child.Output).ReadLineAsync(Cancellation))!, null);

        child.Kill();

        Assert.Equal(9, (await child.WaitAsync(Cancellation)).Signal);
        await EndOf(grandchild);
    }

    [Fact]
    public async Task What_a_program_leaves_running_in_its_group_ends_with_it()
    {
        await using var child = Shell("sleep 600 & echo $!");

        var grandchild = int.Parse(await ReadAsync(child.Output), null);

        Assert.Equal(0, (await child.WaitAsync(Cancellation)).Code);
        await EndOf(grandchild);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Output_ends_with_the_program_though_something_that_left_its_group_holds_it_open(bool isReadByThread)
    {
        await using var child = Shell(
            "mkfifo f; setsid sh -c 'echo $$ > f; exec sleep 600' & read pid < f; echo $pid", start => start with { IsReadByThread = isReadByThread });

        using var escaped = Process.GetProcessById(int.Parse(await ReadAsync(child.Output), null));

        Assert.False(escaped.HasExited);
        escaped.Kill();
    }

    [Fact]
    public async Task An_interrupt_reaches_the_program()
    {
        await using var child = Shell("trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 600 & wait $!; done");
        var reader = new StreamReader(child.Output);
        Assert.Equal("ready", await reader.ReadLineAsync(Cancellation));

        child.Interrupt();

        Assert.Equal("caught", await reader.ReadLineAsync(Cancellation));
        Assert.Equal(5, (await child.WaitAsync(Cancellation)).Code);
    }

    [Fact]
    public async Task Disposing_ends_a_child_that_still_runs()
    {
        var child = Shell("sleep 600");

        await child.DisposeAsync();

        Assert.Equal(9, (await child.WaitAsync(Cancellation)).Signal);
    }

    [Fact]
    public async Task A_program_finds_signals_as_they_are_by_default()
    {
        // The runtime ignores SIGPIPE; would `yes` inherit that, it would end with an error and not by the signal.
        await using var child = ChildProcess.Start(new ChildStart("bash", ["-c", "yes | head -1; echo ${PIPESTATUS[0]}"], _folder, s_environment));

        Assert.Equal("y\n141\n", await ReadAsync(child.Output));
    }

    [Fact]
    public async Task A_child_has_no_descriptor_but_its_three()
    {
        await using var other = Shell("read line");
        await using var child = Shell("exec ls /proc/self/fd");

        // The fourth is the folder that ls itself reads.
        Assert.Equal("0\n1\n2\n3\n", await ReadAsync(child.Output));
    }

    [Fact]
    public async Task A_descriptor_that_we_inherited_is_not_passed_on()
    {
        // Opened without close-on-exec, as one inherited from a shell would be.
        var inherited = Descriptors.OpenInheritable("/dev/null");
        try
        {
            await using var child = Shell($"if [ -e /proc/self/fd/{inherited} ]; then echo there; else echo closed; fi");

            Assert.Equal("closed\n", await ReadAsync(child.Output));
        }
        finally
        {
            Descriptors.Close(inherited);
        }
    }

    [Fact]
    public async Task Both_outputs_can_be_had_apart_or_in_the_order_they_were_written()
    {
        const string script = "echo one; echo two >&2; echo three";
        await using var apart = Shell(script);
        await using var merged = Shell(script, start => start with { Output = ChildOutput.Merged });

        Assert.Equal("one\nthree\n", await ReadAsync(apart.Output));
        Assert.Equal("two\n", await ReadAsync(apart.Errors));
        Assert.Equal("one\ntwo\nthree\n", await ReadAsync(merged.Output));
        Assert.Throws<InvalidOperationException>(() => merged.Errors);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Huge_output_arrives_whole(bool isReadByThread)
    {
        await using var child = Shell("head -c 50000000 /dev/zero", start => start with { IsReadByThread = isReadByThread });
        var count = 0L;
        var buffer = new byte[1 << 16];

        while (await child.Output.ReadAsync(buffer, Cancellation) is var read and > 0)
            count += read;

        Assert.Equal(50_000_000, count);
        Assert.Equal(0, (await child.WaitAsync(Cancellation)).Code);
    }

    [Fact]
    public async Task Output_that_is_no_UTF8_arrives_as_the_bytes_it_is()
    {
        await using var child = Shell(@"printf '\377\000\303('");
        using var bytes = new MemoryStream();

        await child.Output.CopyToAsync(bytes, Cancellation);

        Assert.Equal([0xff, 0, 0xc3, (byte)'('], bytes.ToArray());
    }

    [Fact]
    public async Task Input_is_a_text_nothing_or_what_is_written()
    {
        var text = string.Concat(Enumerable.Repeat("zeile ä\n", 40_000));
        await using var texted = Shell("cat", start => start with { Input = ChildInput.Text(text) });
        await using var nothing = Shell("cat; echo end");
        await using var piped = Shell("cat", start => start with { Input = ChildInput.Piped });

        Assert.Equal(text, await ReadAsync(texted.Output));
        Assert.Equal("end\n", await ReadAsync(nothing.Output));
        await piped.Input.WriteAsync("hello\n"u8.ToArray(), Cancellation);
        Assert.Equal("hello", await new StreamReader(piped.Output).ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task A_program_that_does_not_read_its_input_is_no_error()
    {
        await using var child = Shell("exit 0", start => start with { Input = ChildInput.Text(new string('x', 1 << 20)) });

        Assert.Equal(0, (await child.WaitAsync(Cancellation)).Code);
    }

    [Fact]
    public async Task Output_is_appended_to_a_file_for_the_user_alone()
    {
        var log = Path.Combine(_folder, "log");
        foreach (var word in new[] { "one", "two" })
        {
            await using var child = Shell($"echo {word}; echo {word} >&2", start => start with { Output = ChildOutput.ToFile(log) });
            await child.WaitAsync(Cancellation);
        }

        Assert.Equal("one\none\ntwo\ntwo\n", await File.ReadAllTextAsync(log, Cancellation));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log));
    }

    [Fact]
    public async Task A_detached_child_outlives_its_disposal_and_holds_nothing_of_ours()
    {
        await using var made = Shell("mkfifo told");
        await made.WaitAsync(Cancellation);

        // It tells its descriptors itself, and after its disposal: nobody reads what it writes before.
        var child = Shell("(readlink /proc/$$/fd/* > told); exec sleep 600", start => start with { Output = ChildOutput.Discarded, Detached = true });
        await child.DisposeAsync();
        var links = await File.ReadAllLinesAsync(Path.Combine(_folder, "told"), Cancellation);

        Assert.Equal(Enumerable.Repeat("/dev/null", 3), links);
        child.Kill();
        Assert.Equal(9, (await child.WaitAsync(Cancellation)).Signal);
    }

    [Fact]
    public void A_detached_child_cannot_have_pipes() =>
        Assert.Throws<ArgumentException>(() => Shell("true", start => start with { Detached = true }));

    [Theory]
    [InlineData("no-such-program", "'no-such-program' could not be started: there is no such program in PATH (/usr/bin:/bin).")]
    [InlineData("./missing", "'./missing' could not be started: there is no such program in '{0}', or it is not executable.")]
    [InlineData("./plain", "'./plain' could not be started: there is no such program in '{0}', or it is not executable.")]
    [InlineData("./odd", "'./odd' could not be started: No such file or directory.")]
    [InlineData("./noise", "'./noise' could not be started: Exec format error.")]
    public void A_program_that_cannot_be_started_is_named(string program, string message)
    {
        File.WriteAllText(Path.Combine(_folder, "plain"), "text");
        Executable("odd", "#!/no/such/interpreter\n");
        Executable("noise", "\0\0\0\0");

        var e = Assert.Throws<ChildStartException>(() => ChildProcess.Start(new ChildStart(program, [], _folder, s_environment)));

        Assert.Equal(string.Format(null, message, _folder), e.Message);
        Assert.Equal(program, e.Program);
    }

    [Fact]
    public void What_the_system_would_cut_or_misread_is_refused()
    {
        ChildStart start = new("sh", [], _folder, s_environment);

        Assert.Contains("U+0000", Assert.Throws<ChildStartException>(() => ChildProcess.Start(start with { Arguments = ["a\0b"] })).Message, StringComparison.Ordinal);
        Assert.Contains("'A=B'", Assert.Throws<ChildStartException>(() => ChildProcess.Start(start with { Environment = new Dictionary<string, string> { ["A=B"] = "" } })).Message, StringComparison.Ordinal);
        Assert.Contains("'relative'", Assert.Throws<ChildStartException>(() => ChildProcess.Start(start with { Folder = "relative" })).Message, StringComparison.Ordinal);
        Assert.Contains("'/no/such/log'", Assert.Throws<ChildStartException>(() => ChildProcess.Start(start with { Output = ChildOutput.ToFile("/no/such/log") })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_in_the_folder_is_not_run_by_its_name_alone()
    {
        Executable("tool", "#!/bin/sh\n");

        Assert.Throws<ChildStartException>(() => ChildProcess.Start(new ChildStart("tool", [], _folder, new Dictionary<string, string> { ["PATH"] = ":.:" })));
    }

    [Fact]
    public async Task A_wait_can_be_given_up_while_the_child_runs_on()
    {
        await using var child = Shell("sleep 600");
        using var impatient = new CancellationTokenSource();
        var wait = child.WaitAsync(impatient.Token);

        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.True(Directory.Exists($"/proc/{child.Pid}"));
    }

    private static string[] Self() =>
        Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(ChildProcessTests).Assembly.Location] : [];

    private static async Task<string> ReadAsync(Stream stream) => await new StreamReader(stream, Encoding.UTF8).ReadToEndAsync(Cancellation);

    private static async Task EndOf(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(Cancellation);
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }

    private ChildProcess Shell(string script, Func<ChildStart, ChildStart>? change = null)
    {
        var start = new ChildStart("sh", ["-c", script], _folder, s_environment);
        return ChildProcess.Start(change is null ? start : change(start));
    }

    private void Executable(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
