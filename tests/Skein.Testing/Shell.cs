using System.Diagnostics;
using Xunit;

namespace Skein.Testing;

/// <summary>Runs lines of a shell in a folder; git in them has the configuration of nobody, and a user.</summary>
public static class Shell
{
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string folder, string line)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", line])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["GIT_CONFIG_GLOBAL"] = "/dev/null",
                ["GIT_CONFIG_NOSYSTEM"] = "1",
                ["GIT_AUTHOR_NAME"] = "Ada",
                ["GIT_AUTHOR_EMAIL"] = "ada@example.org",
                ["GIT_COMMITTER_NAME"] = "Ada",
                ["GIT_COMMITTER_EMAIL"] = "ada@example.org",
            },
        })!;
        var (said, told) = (shell.StandardOutput.ReadToEndAsync(cancellation), shell.StandardError.ReadToEndAsync(cancellation));
        await shell.WaitForExitAsync(cancellation);
        Assert.True(shell.ExitCode == 0, $"{line}\n{await said}{await told}");
        return await said;
    }
}
