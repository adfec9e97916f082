using System.Runtime.Versioning;
using Skein.Sandbox;

namespace Skein.Tests.Sandbox;

/// <summary>What a thread of its own reads; the rest of what a child's output is holds for both kinds, <see cref="ChildProcessTests"/>.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ThreadedStreamTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_waits_goes_on_on_the_thread_that_reads()
    {
        await using var child = Start("while read -r line; do echo \"$line\"; done");

        List<string?> threads = [];
        for (var line = 0; line < 3; line++)
        {
            var waiting = ThreadAfterAsync(() => ReadAsync(child));
            await child.Input.WriteAsync("honk\n"u8.ToArray(), Cancellation);
            threads.Add(await waiting);
        }

        Assert.Equal(["Skein reads sh", "Skein reads sh", "Skein reads sh"], threads);
    }

    [Fact]
    public async Task A_read_that_waits_ends_when_the_child_is_disposed()
    {
        var child = Start("read -r line");
        var waiting = ReadAsync(child);

        await child.DisposeAsync();

        Assert.Equal(0, await waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(child));
    }

    [Fact]
    public async Task Nobody_reads_while_another_does()
    {
        await using var child = Start("read -r line");
        var waiting = ReadAsync(child);

        await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(child));

        child.Kill();
        Assert.Equal(0, await waiting);
    }

    [Fact]
    public async Task A_delay_passes_on_the_thread_that_reads_whoever_asked_for_it()
    {
        await using var child = Start("read -r line; echo \"$line\"; read -r line");
        var waiting = ReadAsync(child);

        List<string?> threads = [await ThreadAfterAsync(() => child.DelayAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System))];
        threads.Add(await ThreadAfterAsync(() => child.DelayAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System)));

        Assert.Equal(["Skein reads sh", "Skein reads sh"], threads);
        Assert.False(waiting.IsCompleted);
        await child.Input.WriteAsync("honk\n"u8.ToArray(), Cancellation);
        Assert.Equal(5, await waiting);
    }

    [Fact]
    public async Task A_child_that_ends_is_noticed_before_a_delay_has_passed()
    {
        await using var child = Start("read -r line");
        var waiting = ReadAsync(child);

        var delay = child.DelayAsync(TimeSpan.FromHours(1), TimeProvider.System);
        child.Kill();

        Assert.Equal(0, await waiting);
        Assert.False(delay.IsCompleted);
    }

    private static async Task<string?> ThreadAfterAsync(Func<Task> wait)
    {
        // Not where a test's own context would have it go on.
        await wait().ConfigureAwait(false);
        return Thread.CurrentThread.Name;
    }

    private static async Task<int> ReadAsync(ChildProcess child) => await child.Output.ReadAsync(new byte[10], Cancellation).ConfigureAwait(false);

    private static ChildProcess Start(string script) =>
        ChildProcess.Start(new ChildStart("sh", ["-c", script], "/", new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }) { Input = ChildInput.Piped, IsReadByThread = true });
}
