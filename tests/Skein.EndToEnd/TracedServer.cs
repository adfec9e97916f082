using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>The system calls of a running server, so that some of them fail or end it.</summary>
internal static class TracedServer
{
    /// <summary>What of a shell begins it: the server is <c>$pid</c>, what is traced it writes to <c>trace</c>, and until <c>$tracer</c> is killed.</summary>
    /// <param name="what">Which calls, and what becomes of them, as strace takes it.</param>
    public static string Begin(string what) => $"""
        strace -f -qq -o trace {what} -p "$pid" & tracer=$!
        until [ -z "$(grep -L 'TracerPid:.*[1-9]' /proc/$pid/task/*/status)" ]; do kill -0 $tracer; sleep 0.05; done
        """;

    /// <summary>Skips the test where nobody may trace.</summary>
    public static async Task RequireAsync(User user)
    {
        Requires.Programs("strace");
        var probe = await user.ShellAsync("sleep 1 & strace -qq -e trace=none -o /dev/null -p $!");
        Assert.SkipWhen(probe.Code != 0, $"This machine lets nobody trace: {probe.Error}");
    }
}
