using System.Text;
using Skein.Sandbox;

namespace Skein.Cli.Demo;

/// <summary>A small project under git whose test fails: leap years, without the centuries.</summary>
internal sealed class DemoProject(string folder)
{
    public const string Code = "leap.sh";
    public const string Test = "test.sh";
    public const string TestCommand = "sh test.sh";

    public const string Before = "  [ $(($1 % 4)) -eq 0 ]";
    public const string After = "  [ $(($1 % 4)) -eq 0 ] && { [ $(($1 % 100)) -ne 0 ] || [ $(($1 % 400)) -eq 0 ]; }";

    private const string CodeText =
        $$"""
        # leap YEAR: succeeds when YEAR is a leap year.
        leap() {
        {{Before}}
        }

        """;

    private const string TestText =
        """
        . ./leap.sh
        failed=0

        check() { # YEAR EXPECTED
          if leap "$1"; then got=yes; else got=no; fi
          if [ "$got" = "$2" ]; then echo "ok    $1 $got"
          else echo "FAIL  $1: expected $2, got $got"; failed=1; fi
        }

        check 2023 no
        check 2024 yes
        check 2000 yes
        check 1900 no
        exit $failed

        """;

    // The project is the demo's own: what the user has set up for git (names, hooks, signatures) has no part in it.
    private static readonly Dictionary<string, string> s_git = new(StringComparer.Ordinal)
    {
        ["GIT_CONFIG_GLOBAL"] = "/dev/null",
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_AUTHOR_NAME"] = "Skein's demo",
        ["GIT_AUTHOR_EMAIL"] = "demo@skein.invalid",
        ["GIT_COMMITTER_NAME"] = "Skein's demo",
        ["GIT_COMMITTER_EMAIL"] = "demo@skein.invalid",
    };

    public string Folder => folder;

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, Code), CodeText, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, Test), TestText, cancellationToken);
        foreach (var arguments in (string[][])[["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Leap years"]])
            await GitAsync(arguments, cancellationToken);
    }

    /// <summary>Runs the test, apart from any agent.</summary>
    public Task<(int Code, string Output)> RunTestAsync(CancellationToken cancellationToken) => RunAsync("sh", [Test], cancellationToken);

    /// <summary>The lines that git says were added and removed.</summary>
    public async Task<string[]> DiffAsync(CancellationToken cancellationToken) =>
        [.. (await GitAsync(["diff", "--unified=0", "--no-color", "--no-ext-diff"], cancellationToken)).Split('\n').Where(IsChange)];

    private static bool IsChange(string line) =>
        line is ['+' or '-', ..] && !line.StartsWith("+++", StringComparison.Ordinal) && !line.StartsWith("---", StringComparison.Ordinal);

    private async Task<string> GitAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var (code, output) = await RunAsync("git", arguments, cancellationToken);
        return code == 0 ? output : throw new DemoException($"git {arguments[0]} failed: {output}");
    }

    private async Task<(int Code, string Output)> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(ChildEnvironment.Current(), StringComparer.Ordinal);
        foreach (var (name, value) in s_git)
            environment[name] = value;
        try
        {
            await using var child = ChildProcess.Start(new ChildStart(program, arguments, folder, environment) { Output = ChildOutput.Merged });
            using var reader = new StreamReader(child.Output, Encoding.UTF8);
            var output = await reader.ReadToEndAsync(cancellationToken);
            return ((await child.WaitAsync(cancellationToken)).Code, output);
        }
        catch (ChildStartException e)
        {
            throw new DemoException($"The demo needs {program}: {e.Message} Install it, for example with: apt install {program}");
        }
    }
}

/// <summary>The demo cannot go on, or something it shows is not true.</summary>
internal sealed class DemoException(string message) : Exception(message);
