using System.Diagnostics;
using System.Runtime.Versioning;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class JobToolTests : ToolBench
{
    [Fact]
    public async Task A_job_goes_on_is_looked_at_and_ended()
    {
        await RunAsync("bash", new() { ["command"] = "mkfifo gate" });
        var intent = await DescribeAsync("bash", new() { ["command"] = "echo begun; cat gate; sleep 600", ["background"] = true });
        Assert.Equal("$ echo begun; cat gate; sleep 600 (in the background)", intent.Title);

        Assert.Equal("Job 1 was started. Look at it, or end it, with 'job'.", await TextAsync("bash", new() { ["command"] = "echo begun; cat gate; sleep 600", ["background"] = true }));

        await File.WriteAllTextAsync(At("gate"), "let through\n", Cancellation);
        var said = await TextAsync("job", new() { ["number"] = 1 });
        while (!said.Contains("let through", StringComparison.Ordinal))
            said += await TextAsync("job", new() { ["number"] = 1 });
        Assert.Matches(@"^(\(no new output\)\n\[job 1: running\])*begun\n", said);
        Assert.Equal("(no new output)\n[job 1: running]", await TextAsync("job", new() { ["number"] = 1 }));
        Assert.True(Bench.IsBusy);
        Assert.Equal("1  running  $ echo begun; cat gate; sleep 600\n", await TextAsync("job", []));
        Assert.Equal("(no new output)\n[job 1: ended by signal 9]", await TextAsync("job", new() { ["number"] = 1, ["end"] = true }));
        Assert.False(Bench.IsBusy);
    }

    [Fact]
    public async Task Its_end_is_waited_for()
    {
        await RunAsync("bash", new() { ["command"] = "echo done; exit 3", ["background"] = true });

        Assert.Equal("done\n[job 1: ended with exit code 3]", await TextAsync("job", new() { ["number"] = 1, ["wait"] = 60 }));
        Assert.Equal("There is no job 2; there are: 1.", await RefusedAsync("job", new() { ["number"] = 2 }));
    }

    [Fact]
    public async Task Ten_jobs_run_at_once_and_no_more()
    {
        for (var i = 0; i < 10; i++)
            await RunAsync("bash", new() { ["command"] = "sleep 600", ["background"] = true });

        Assert.Contains("10 jobs run already", await RefusedAsync("bash", new() { ["command"] = "sleep 600", ["background"] = true }), StringComparison.Ordinal);
        await RunAsync("job", new() { ["number"] = 4, ["end"] = true });
        Assert.Contains("Job 11", await TextAsync("bash", new() { ["command"] = "sleep 600", ["background"] = true }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endless_output_ends_a_job()
    {
        await RunAsync("bash", new() { ["command"] = "yes", ["background"] = true });

        var output = await RunAsync("job", new() { ["number"] = 1, ["wait"] = 300 });

        await using var whole = output.Whole!;
        Assert.InRange(whole.Length, 64L << 20, 65L << 20);
        Assert.EndsWith("[job 1: ended: it wrote more than 67108864 bytes]", output.Text, StringComparison.Ordinal);
        Assert.Contains("bytes left out", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_end_with_the_session()
    {
        await RunAsync("bash", new() { ["command"] = "mkfifo pids" });
        await RunAsync("bash", new() { ["command"] = "sleep 600 & echo $$ $! > pids; wait", ["background"] = true });
        var pids = (await File.ReadAllTextAsync(At("pids"), Cancellation)).Split().Where(p => p.Length > 0).Select(p => int.Parse(p, null)).ToList();
        using var shell = Process.GetProcessById(pids[0]);
        using var sleep = Process.GetProcessById(pids[1]);

        await Bench.DisposeAsync();

        await shell.WaitForExitAsync(Cancellation);
        await sleep.WaitForExitAsync(Cancellation);
        Assert.Contains("The session ends", await RefusedAsync("bash", new() { ["command"] = "sleep 600", ["background"] = true }), StringComparison.Ordinal);
    }
}
