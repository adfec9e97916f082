using Skein.Testing;
using Xunit.Sdk;

namespace Skein.Tests.Testing;

public sealed class RequiresTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("skein-requires-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_test_whose_programs_are_there_goes_on()
    {
        Install("git", executable: true);
        Install("tmux", executable: true);

        Requires.Programs($"/nowhere:{_folder.FullName}", requireAll: true, "git", "tmux");
    }

    [Fact]
    public void A_missing_program_skips_the_test_and_says_how_to_install_it()
    {
        Install("git", executable: true);

        var reason = SkippedBy(() => Requires.Programs(_folder.FullName, requireAll: false, "git", "tmux", "bwrap"));

        Assert.Equal("needs tmux: apt-get install tmux; needs bwrap: apt-get install bubblewrap", reason);
    }

    [Fact]
    public void Where_everything_is_required_a_missing_program_fails_the_test()
    {
        var failure = Assert.Throws<FailException>(() => Requires.Programs(_folder.FullName, requireAll: true, "tmux"));

        Assert.Equal("needs tmux: apt-get install tmux (SKEIN_REQUIRE_ALL=1 forbids to skip).", failure.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_executed_is_no_program()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such permission.");
        Install("tmux", executable: false);

        Assert.Equal("needs tmux: apt-get install tmux", SkippedBy(() => Requires.Programs(_folder.FullName, requireAll: false, "tmux")));
    }

    [Fact]
    public void A_program_that_nobody_knows_how_to_install_is_refused()
    {
        var refusal = Assert.Throws<ArgumentException>(() => Requires.Programs("/usr/bin", requireAll: false, "frobnicate"));

        Assert.Contains("'frobnicate'", refusal.Message, StringComparison.Ordinal);
    }

    private void Install(string program, bool executable)
    {
        var file = Path.Combine(_folder.FullName, program);
        File.WriteAllText(file, "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, executable ? UnixFileMode.UserRead | UnixFileMode.UserExecute : UnixFileMode.UserRead);
    }

    // Assert.Throws and Record.Exception let a skip pass through to the runner: it is caught by hand.
    private static string SkippedBy(Action act)
    {
        const string mark = "$XunitDynamicSkip$";

        try
        {
            act();
        }
        catch (SkipException skip)
        {
            Assert.StartsWith(mark, skip.Message, StringComparison.Ordinal);
            return skip.Message[mark.Length..];
        }

        throw new InvalidOperationException("The test was not skipped.");
    }
}
