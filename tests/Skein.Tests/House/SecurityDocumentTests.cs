using System.Text.RegularExpressions;

namespace Skein.Tests.House;

/// <summary>docs/security.md and the tests that try ways out hold each other.</summary>
public sealed partial class SecurityDocumentTests
{
    private static readonly string[] s_suites =
        ["tests/Skein.Tests/Sandbox/EscapeTests.cs", "tests/Skein.Tests/Sandbox/GitInSandboxTests.cs", "tests/Skein.Tests/Agent/Loop/InjectionTests.cs"];

    private static readonly HashSet<string> s_listed = [.. Rows().SelectMany(static row => Quoted().Matches(row).Select(static m => m.Groups[1].Value))];

    [Fact]
    public void Every_attempt_is_listed_with_what_stops_it()
    {
        var tried = s_suites.SelectMany(static file => Tests(Repository.Read(file))).ToList();

        Assert.True(tried.Count > 20);
        Assert.Empty(tried.Except(s_listed));
    }

    [Fact]
    public void Every_test_that_is_listed_exists()
    {
        var all = Repository.Files("tests", "*Tests.cs").SelectMany(static file => Tests(Repository.Read(file))).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(s_listed.Except(all));
    }

    private static IEnumerable<string> Rows() =>
        Repository.Read("docs/security.md").Split('\n').Where(static line => line.StartsWith("| ", StringComparison.Ordinal)).Select(static line => line.Split('|')[^2]);

    private static IEnumerable<string> Tests(string source) => Test().Matches(source).Select(static m => m.Groups[1].Value);

    [GeneratedRegex("`([A-Za-z0-9_]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\[(?:Fact|Theory)[^\n]*\]\s(?:\s*\[[^\n]*\]\s)*\s*public (?:async )?(?:Task|void|ValueTask) ([A-Za-z0-9_]+)\(")]
    private static partial Regex Test();
}
