using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Skein.Sandbox.Confining;
using Skein.Testing;

namespace Skein.Tests.Sandbox;

/// <summary>Ways out of the sandbox, each tried for real. docs/security.md lists them with what stops each.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class EscapeTests : SandboxBench
{
    [Theory]
    [ForBoth("cat '{0}'")]
    [ForBoth("cat ../outside/secret")]
    [ForBoth("ln -s '{0}' link; cat link")]
    [ForBoth("ln '{0}' hard; cat hard")]
    [ForBoth("cat /proc/1/root'{0}' /proc/self/root'{0}' /proc/1/cwd/../outside/secret")]
    [ForBoth("cd /proc/self/cwd/../outside; cat secret")]
    public async Task A_file_outside_cannot_be_read(Who who, string command)
    {
        var (code, output) = await RunAsync(who, command.Replace("{0}", SecretFile, StringComparison.Ordinal));

        Assert.NotEqual(0, code);
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
    }

    [Theory]
    [ForBoth("/usr/made")]
    [ForBoth("/etc/made")]
    [ForBoth("/made")]
    public async Task Nothing_of_the_system_can_be_written(Who who, string path)
    {
        Assert.NotEqual(0, (await RunAsync(who, $"echo x > {path}")).Code);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [ForBoth("/proc/sys/kernel/core_pattern")]
    [ForBoth("/proc/sys/vm/swappiness")]
    public async Task The_kernel_s_settings_cannot_be_written(Who who, string path)
    {
        // What it says already: the machine stays as it is, should it be possible.
        Assert.NotEqual(0, (await RunAsync(who, $"set -e; v=$(cat {path}); echo \"$v\" > {path}")).Code);
    }

    [Theory]
    [ForBoth]
    public async Task The_workspace_and_a_temporary_folder_can_be_written(Who who)
    {
        var (code, output) = await RunAsync(who, "echo one > made && echo two > /tmp/made && cat made /tmp/made && ls -A ~ && pwd");

        Assert.Equal((0, $"one\ntwo\n{Workspace}\n"), (code, output));
        Assert.Equal("one\n", await File.ReadAllTextAsync(Path.Combine(Workspace, "made"), Cancellation));
        Assert.False(File.Exists("/tmp/made"));
    }

    [Theory]
    [ForBoth]
    public async Task The_home_has_what_is_listed_and_what_is_hidden_stays_empty(Who who)
    {
        await File.WriteAllTextAsync(Path.Combine(Home, ".netrc"), Secret, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home, ".listed"), "listed", Cancellation);
        Put("skein-home/token", Secret);
        Policy = Policy with { Readable = [Path.Combine(Home, ".listed")], Hidden = [Path.Combine(Workspace, "skein-home")] };

        var (code, output) = await RunAsync(who, "ls -A ~ skein-home; cat ~/.listed; echo x > ~/.listed");

        Assert.NotEqual(0, code);
        Assert.Contains("listed", output, StringComparison.Ordinal);
        Assert.DoesNotContain("token", output, StringComparison.Ordinal);
        Assert.DoesNotContain(".netrc", output, StringComparison.Ordinal);
        Assert.Equal("listed", await File.ReadAllTextAsync(Path.Combine(Home, ".listed"), Cancellation));
    }

    [Theory]
    [ForBoth]
    public async Task No_socket_outside_can_be_reached(Who who)
    {
        Requires.Programs("curl");
        var path = Path.Combine(Outside, "s");
        var name = $"skein-{Guid.NewGuid():N}";
        using var file = Listen(path);
        using var unnamed = Listen("\0" + name);
        using var network = new TcpListener(IPAddress.Loopback, 0);
        network.Start();
        var port = ((IPEndPoint)network.LocalEndpoint).Port;

        var (code, _) = await RunAsync(who, $"curl -sm 2 --unix-socket {path} http://x/ || curl -sm 2 --abstract-unix-socket {name} http://x/ || : < /dev/tcp/127.0.0.1/{port}");

        Assert.NotEqual(0, code);
        Assert.False(file.Poll(0, SelectMode.SelectRead) || unnamed.Poll(0, SelectMode.SelectRead) || network.Pending());
        Policy = Policy with { Network = true };
        Assert.Equal(0, (await RunAsync(who, $": < /dev/tcp/127.0.0.1/{port}")).Code);
        Assert.True(network.Pending());
    }

    [Theory]
    [ForBoth]
    public async Task Sockets_of_the_desktop_and_preloaded_code_are_not_in_the_environment(Who who)
    {
        var (_, output) = await RunAsync(
            who, "env", ("SSH_AUTH_SOCK", "/a"), ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/b"), ("XDG_RUNTIME_DIR", "/c"), ("DISPLAY", ":0"), ("BASH_ENV", "/d"), ("KEPT", "yes"));

        Assert.Contains("KEPT=yes\n", output, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?m)^(SSH_AUTH_SOCK|DBUS_|XDG_RUNTIME_DIR|DISPLAY|BASH_ENV)", output);
    }

    [Theory]
    [ForBoth]
    public async Task Processes_outside_are_not_there_and_no_rights_can_be_had(Who who)
    {
        var (_, seen) = await RunAsync(who, "ls /proc | grep -c '^[0-9]'; grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status | tr -d '\\t'");

        var lines = seen.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(int.Parse(lines[0], null), 1, 6);
        Assert.Equal(["CapEff:0000000000000000", "CapBnd:0000000000000000", "NoNewPrivs:1"], lines[1..]);
        Assert.NotEqual(0, (await RunAsync(who, "unshare -Ur true")).Code);
        Assert.NotEqual(0, (await RunAsync(who, "mount -t tmpfs none /tmp")).Code);
    }

    [Theory]
    [ForBoth]
    public async Task Its_namespaces_are_its_own_and_its_root_has_only_what_it_needs(Who who)
    {
        string[] kinds = ["user", "pid", "ipc", "uts", "mnt", "net", "cgroup"];

        var (code, output) = await RunAsync(who, $"for kind in {string.Join(' ', kinds)}; do readlink /proc/self/ns/$kind; done; ls -A /; ls -A /dev | tr '\n' ' '");

        Assert.Equal(0, code);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(kinds.Zip(lines), static pair => Assert.StartsWith($"{pair.First}:[", pair.Second, StringComparison.Ordinal));
        Assert.All(kinds.Zip(lines), static pair => Assert.NotEqual(File.ResolveLinkTarget($"/proc/self/ns/{pair.First}", returnFinalTarget: false)!.Name, pair.Second));

        // The first folder of the workspace and of the home are there because they are in it.
        string[] places = [.. new[] { Workspace, Home }.Select(static path => path.Split('/')[1])];
        Assert.Empty(lines[kinds.Length..^1].Except(["bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "tmp", "usr", "var", .. places]));
        Assert.Empty(lines[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Except(["console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"]));
    }

    [Theory]
    [ForBoth]
    public async Task What_leaves_its_group_ends_with_the_command(Who who)
    {
        var mark = $"600.{Random.Shared.Next(1_000_000):D6}";
        await using var child = await StartAsync(who, $"setsid setsid sleep {mark} & echo started; read; exit 0");
        using var output = new StreamReader(child.Output);
        Assert.Equal("started", await output.ReadLineAsync(Cancellation));
        using var left = await RunningAsync(mark);

        await child.Input.WriteAsync("go\n"u8.ToArray(), Cancellation);
        await child.WaitAsync(Cancellation);

        await left.WaitForExitAsync(Cancellation);
    }

    [Theory]
    [ForBoth("echo evil > .git/hooks/pre-commit")]
    [ForBoth("git config core.fsmonitor ./evil")]
    [ForBoth("mv .git aside")]
    [ForBoth("mv .git/hooks aside")]
    [ForBoth("rm .git/config")]
    [ForBoth("echo evil > .git/modules/sub/config")]
    [ForBoth("echo evil > sub/.git/config")]
    [ForBoth("echo evil > AGENTS.md")]
    [ForBoth("mv AGENTS.md aside")]
    [ForBoth("echo evil > .claude/settings.json")]
    public async Task What_would_run_later_cannot_be_written(Who who, string command)
    {
        string[] guarded = [Put(".git/config", "[core]\n"), Put(".git/modules/sub/config", "[core]\n"), Put("sub/.git/config", "[core]\n"), Put("AGENTS.md", "[core]\n")];
        Put(".claude/x", "");
        OpenAll();

        Assert.NotEqual(0, (await RunAsync(who, command)).Code);
        Assert.All(guarded, file => Assert.Equal("[core]\n", File.ReadAllText(file)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Workspace, ".git/hooks")));
    }

    [Theory]
    [ForBoth("echo evil > AGENTS.md")]
    [ForBoth("mkdir -p .claude && echo evil > .claude/settings.json")]
    [ForBoth("ln -s /etc/passwd skein.json")]
    [ForBoth("sleep 600 & echo evil > .mcp.json")]
    public async Task What_would_be_obeyed_later_and_is_new_is_given_another_name(Who who, string command)
    {
        await File.WriteAllTextAsync(Path.Combine(Workspace, ".skein.held"), "there already", Cancellation);
        var confinement = Confinement.In((await Bubblewrap.FindAsync(new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, TimeProvider.System, Cancellation)).Found!, Policy);
        var held = confinement.HoldBack();

        Assert.Equal(0, (await RunAsync(who, command + "; mkdir .skein; ls -A")).Code);
        var names = held.Hold();

        Assert.Equal(2, names.Count);
        Assert.All(names, name => Assert.False(Path.Exists(name)));
        Assert.True(Directory.Exists(Path.Combine(Workspace, ".skein.held2")));
    }

    [Theory]
    [ForBoth]
    public async Task No_process_can_be_traced_and_no_program_gives_rights(Who who)
    {
        Requires.Programs("python3");
        const string trace = "import ctypes,sys; c=ctypes.CDLL(None,use_errno=True); c.ptrace.restype=ctypes.c_long; sys.exit(0 if c.ptrace(16,int(sys.argv[1]),0,0)==0 else 3)";
        using var outside = System.Diagnostics.Process.GetCurrentProcess();

        // By its number outside it is another process here, or none.
        Assert.Equal(3, (await RunAsync(who, $"python3 -c '{trace}' {outside.Id}")).Code);
        var (_, output) = await RunAsync(who, "cp /bin/bash own; chmod u+s own; ./own -p -c 'grep -E \"^Cap(Eff|Prm)\" /proc/self/status; grep NoNewPrivs /proc/self/status'");

        Assert.Matches(@"CapPrm:\t0+\nCapEff:\t0+\n", output);
        Assert.Contains("NoNewPrivs:\t1", output, StringComparison.Ordinal);
    }

    [Theory]
    [ForBoth("echo reached > /dev/tty")]
    [ForBoth("for t in /dev/pts/[0-9]* /dev/console; do [ -c $t ] && echo reached > $t && exit 0; done; exit 1")]
    [ForBoth("read -t 0.1 key < /dev/tty; [ $? -gt 128 ]")]
    [ForBoth("python3 -c 'import fcntl, termios; fcntl.ioctl(open(\"/dev/tty\"), termios.TIOCSTI, b\"x\")'")]
    public async Task The_terminal_of_whoever_runs_it_is_not_reached(Who who, string command)
    {
        Requires.Programs("script", "python3");
        Assert.Equal((0, "reached\r\n"), await AtTerminalAsync(who, "echo reached > /dev/tty", isConfined: false));

        var (code, shown) = await AtTerminalAsync(who, command, isConfined: true);

        Assert.NotEqual(0, code);
        Assert.Equal("", shown);
    }

    [Theory]
    [ForBoth]
    public async Task A_link_that_is_changed_all_the_time_leads_nowhere(Who who)
    {
        // Somebody changes it while others look: inside there is nothing that it could lead to.
        var (_, output) = await RunAsync(
            who, $"(for i in $(seq 300); do ln -sfn '{Outside}' race; ln -sfn . race; done) & for i in $(seq 300); do cat race/secret 2>/dev/null; echo x > race/made 2>/dev/null; done; wait");

        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Outside, "made")));
    }

    [Theory]
    [ForBoth]
    public async Task Git_works_in_the_workspace(Who who)
    {
        Requires.Programs("git");
        var (made, _) = await RunAsync(who, "git init -q . && git config user.name a && git config user.email a@b");
        var (code, output) = await RunAsync(who, "echo x > f && git add f && git commit -qm first && git log --format=%s");

        Assert.Equal((0, 0, "first\n"), (made, code, output));
    }

    [Theory]
    [ForBoth("head -c 4M /dev/zero > /tmp/f")]
    [ForBoth("head -c 4M /dev/zero > /dev/shm/f")]
    [ForBoth("for i in $(seq 64); do head -c 32K /dev/zero > /tmp/f$i || exit 1; done")]
    [ForBoth("for i in $(seq 64); do head -c 32K /dev/zero > ~/f$i || exit 1; done")]
    [ForBoth("for i in $(seq 64); do head -c 32K /dev/zero > /dev/shm/f$i || exit 1; done")]
    [ForBoth("echo x > /dev/f")]
    [ForBoth("echo x > /f")]
    [ForBoth("head -c 4M /dev/zero > f")]
    [ForBoth("x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x} | grep -q 200000000")]
    public async Task Disk_and_memory_are_limited(Who who, string command)
    {
        Policy = Policy with { Limits = new SandboxLimits(64 << 20, 64, 2 << 20, 1 << 20) };

        Assert.NotEqual(0, (await RunAsync(who, command)).Code);
    }

    [Fact]
    public async Task A_fork_bomb_of_an_ordinary_user_stays_small()
    {
        Policy = Policy with { Limits = SandboxLimits.Usual with { Processes = 32 } };

        var (code, output) = await RunAsync(Who.Nobody, "exec sh -c 'for i in $(seq 64); do sleep 600 & done; echo all'");

        Assert.NotEqual(0, code);
        Assert.DoesNotContain("all", output, StringComparison.Ordinal);
    }

    [Theory]
    [ForBoth]
    public async Task Where_memory_runs_out_the_kernel_ends_a_command_before_all_else(Who who)
    {
        Requires.Programs("choom");

        Assert.Equal((0, "1000\n"), await RunAsync(who, "sh -c 'cat /proc/self/oom_score_adj'"));
    }

    [Fact]
    public void The_root_of_the_file_system_is_no_workspace() =>
        Assert.NotNull(Confinement.In(null!, new SandboxPolicy("/", "/root")).Missing);

    private void OpenAll()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(Workspace, "*", SearchOption.AllDirectories))
            File.SetUnixFileMode(path, (UnixFileMode)0x1ff);
    }

    private static async Task<Process> RunningAsync(string argument)
    {
        while (true)
        {
            Cancellation.ThrowIfCancellationRequested();
            foreach (var process in Process.GetProcessesByName("sleep"))
            {
                if (ArgumentsOf(process).EndsWith(argument + "\0", StringComparison.Ordinal))
                    return process;
                process.Dispose();
            }

            await Task.Yield();
        }
    }

    // Those of other tests end at any moment.
    private static string ArgumentsOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
