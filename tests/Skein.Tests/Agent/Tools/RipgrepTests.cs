using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Agent.Tools;

/// <summary>grep and glob answer what ripgrep answers, on folders made at random. docs/tools.md tells where they differ on purpose.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class RipgrepTests : ToolBench
{
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("SKEIN_TEST_FAULT_SEED"), out var given) ? given : 0;

    // What of ripgrep is another choice: hidden files are looked into, a folder needs no repository for its rules, what agents are not told of it is not used.
    private static readonly string[] s_alike =
        ["--no-config", "--hidden", "--glob=!.git", "--no-require-git", "--no-ignore-global", "--no-ignore-parent", "--no-ignore-dot", "--no-messages"];

    public static TheoryData<int> Seeds => [.. s_seed > 0 ? [s_seed] : Enumerable.Range(1, Rounds.Of(200))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task The_same_files_and_lines_are_found(int seed)
    {
        Requires.Programs("rg");
        var tree = new RandomTree(seed);
        tree.Make(Workspace);

        var all = await RipgrepAsync([.. s_alike, "--files"]);
        Assert.Equal(all, await GlobAsync("**"));
        var glob = tree.Glob();
        Assert.Equal(all.Intersect(await RipgrepAsync("--no-config", "--hidden", "--no-ignore", "--files", $"--glob=/{glob}")), await GlobAsync(glob));
        for (var i = 0; i < 4; i++)
            await GrepsAlikeAsync(tree.Expression(), ignoreCase: i % 2 == 1);
    }

    private async Task GrepsAlikeAsync(string expression, bool ignoreCase)
    {
        string[] how = [.. s_alike, "--crlf", "--no-heading", "--with-filename", .. ignoreCase ? ["--ignore-case"] : Array.Empty<string>()];
        var theirs = (await RipgrepAsync([.. how, "--line-number", "--regexp", expression])).Take(1000);
        var ours = Lines(await TextAsync("grep", new() { ["pattern"] = expression, ["ignore_case"] = ignoreCase, ["limit"] = 1000 })).Where(IsFinding);

        Assert.Equal(theirs.Select(Start), ours.Select(static line => Start(Space().Replace(line, "$1", 1))));
        var files = (await RipgrepAsync([.. how, "--files-with-matches", "--regexp", expression])).Take(1000);
        Assert.Equal(files, Lines(await TextAsync("grep", new() { ["pattern"] = expression, ["ignore_case"] = ignoreCase, ["files_only"] = true, ["limit"] = 1000 })).Where(IsFinding));
    }

    // A link is a file like others for glob, and nothing for ripgrep.
    private async Task<IReadOnlyList<string>> GlobAsync(string pattern) =>
        [.. Lines(await TextAsync("glob", new() { ["pattern"] = pattern })).Where(line => !line.StartsWith("No file matches", StringComparison.Ordinal) && new FileInfo(At(line)).LinkTarget is null)];

    /// <summary>In the order of names in which folders are walked here, where '/' is before all characters.</summary>
    private async Task<IReadOnlyList<string>> RipgrepAsync(params string[] arguments)
    {
        var start = new ChildStart("rg", [.. arguments, "--sort=path"], Workspace, new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin:/usr/local/bin" });
        await using var rg = ChildProcess.Start(start);
        var errors = new StreamReader(rg.Errors).ReadToEndAsync(Cancellation);
        var output = await new StreamReader(rg.Output).ReadToEndAsync(Cancellation);
        Assert.True((await rg.WaitAsync(Cancellation)).Code <= 1, await errors);
        return [.. Lines(output).Select(static line => line.TrimEnd('\r')).OrderBy(PathOf, Comparer<string>.Create(static (a, b) => ComparePaths(a, b)))];
    }

    private static int ComparePaths(string one, string other)
    {
        foreach (var (a, b) in one.Split('/').Zip(other.Split('/')))
        {
            if (string.CompareOrdinal(a, b) is var order and not 0)
                return order;
        }

        return 0;
    }

    private static string PathOf(string line) => Finding().Match(line) is { Success: true } found ? found.Groups[1].Value : line;

    // Long lines are shown by their beginnings.
    private static string Start(string line) => Finding().Match(line) is { Success: true } found
        ? $"{found.Groups[1]}:{found.Groups[2]}:{(found.Groups[3].Value is var text && text.Length > 399 ? text[..399] : text)}"
        : line;

    private static bool IsFinding(string line) => line is not "Nothing matches." && !line.StartsWith("(There may be more", StringComparison.Ordinal);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\A([^:]+):(\d+):(.*)\z", RegexOptions.Singleline)]
    private static partial Regex Finding();

    [GeneratedRegex(@"\A([^:]+:\d+:) ")]
    private static partial Regex Space();
}
