using Xunit;

namespace Skein.Testing;

/// <summary>
/// What a test needs of the machine. A test that needs a program which is missing is skipped, and says how to install it;
/// with <c>SKEIN_REQUIRE_ALL=1</c> it fails instead, so that a machine meant to run everything cannot leave tests out unseen.
/// </summary>
public static class Requires
{
    /// <summary>Turns a missing program into a failure.</summary>
    public const string RequireAllVariable = "SKEIN_REQUIRE_ALL";

    /// <summary>The programs that tests may ask for, and the Debian package of each. <c>.ci/run</c> installs them all.</summary>
    public static IReadOnlyDictionary<string, string> Packages { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bwrap"] = "bubblewrap",
        ["choom"] = "util-linux",
        ["curl"] = "curl",
        ["flock"] = "util-linux",
        ["gcc"] = "build-essential",
        ["git"] = "git",
        ["jq"] = "jq",
        ["node"] = "nodejs",
        ["prlimit"] = "util-linux",
        ["ps"] = "procps",
        ["python3"] = "python3",
        ["rg"] = "ripgrep",
        ["script"] = "bsdutils",
        ["setpriv"] = "util-linux",
        ["strace"] = "strace",
        ["tmux"] = "tmux",
        ["unshare"] = "util-linux",
    };

    /// <summary>Goes on only where every one of these programs is on the PATH. For the first line of a test, a constructor or an initializer.</summary>
    /// <exception cref="ArgumentException">A name that <see cref="Packages"/> does not have: nobody could say how to install it.</exception>
    public static void Programs(params ReadOnlySpan<string> programs) =>
        Programs(Environment.GetEnvironmentVariable("PATH") ?? "", Environment.GetEnvironmentVariable(RequireAllVariable) == "1", programs);

    /// <summary>Goes on only where a package of <c>tests/npm/package.json</c> is installed.</summary>
    /// <returns>Its folder.</returns>
    public static string Npm(string package)
    {
        // artifacts/bin/<project>/<configuration> is where tests run.
        var folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "npm", "node_modules", package));
        if (!Directory.Exists(folder))
            Lack($"needs the npm package {package}: eng/npm.sh", Environment.GetEnvironmentVariable(RequireAllVariable) == "1");
        return folder;
    }

    internal static void Programs(string path, bool requireAll, params ReadOnlySpan<string> programs)
    {
        var missing = new List<string>();
        foreach (var program in programs)
        {
            if (!Packages.TryGetValue(program, out var package))
                throw new ArgumentException($"Requires.Packages does not say how to install '{program}': add it there and to .ci/run.", nameof(programs));
            if (!IsOn(path, program))
                missing.Add($"needs {program}: apt-get install {package}");
        }

        if (missing.Count == 0)
            return;

        Lack(string.Join("; ", missing), requireAll);
    }

    private static void Lack(string reason, bool requireAll)
    {
        if (requireAll)
            Assert.Fail($"{reason} ({RequireAllVariable}=1 forbids to skip).");
        Assert.Skip(reason);
    }

    private static bool IsOn(string path, string program) =>
        path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program))
            .Any(IsExecutable);

    // A shell passes over what may not be executed, so this does.
    private static bool IsExecutable(string file) =>
        File.Exists(file)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
