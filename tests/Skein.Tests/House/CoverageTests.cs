using System.Text.RegularExpressions;

namespace Skein.Tests.House;

/// <summary>docs/coverage.md is complete, and what it calls met is shown by a test that exists.</summary>
public sealed partial class CoverageTests
{
    private static readonly (char Letter, int Count)[] s_systems = [('N', 24), ('C', 21), ('P', 24), ('G', 11), ('O', 24)];

    // Those about keeping sessions, and about driving agents.
    private static readonly (char Letter, int[] Numbers)[] s_flaws =
        [('N', [.. Enumerable.Range(1, 17)]), ('C', [.. Enumerable.Range(1, 14)]), ('P', [.. Enumerable.Range(1, 12)]), ('G', [.. Enumerable.Range(1, 6)]), ('O', [1, 4, 5, 6, 12, 13])];

    private static readonly string[] s_statuses = ["*met*", "*settled otherwise*", "*open*"];

    private static readonly IReadOnlyList<Row> s_rows = ReadRows(Repository.Read("docs/coverage.md"));

    private static readonly HashSet<string> s_tests = FindTests(Repository.Files("tests", "*.cs").Select(Repository.Read));

    [Fact]
    public void Every_requirement_is_there_once_and_in_order()
    {
        var ids = s_systems.SelectMany(s => Enumerable.Range(1, s.Count).Select(n => $"{s.Letter}-{n:00}"))
            .Concat(s_flaws.SelectMany(s => s.Numbers.Select(n => $"{s.Letter}-F{n:00}")));

        Assert.Equal(104, s_systems.Sum(s => s.Count));
        Assert.Equal(ids, s_rows.Select(row => row.Id));
    }

    [Fact]
    public void Every_status_is_one_of_three() =>
        Assert.All(s_rows, row => Assert.Contains(row.Status, s_statuses));

    [Fact]
    public void What_is_met_names_code_that_exists() =>
        Assert.All(s_rows.Where(row => row.Status == "*met*"), row =>
        {
            var places = Quoted().Matches(row.Where).Select(m => m.Groups[1].Value).ToList();

            Assert.True(places.Count > 0, $"{row.Id} is met, but names no code.");
            Assert.All(places, place => Assert.True(Path.Exists(Repository.PathOf($"src/{place}")), $"{row.Id} names src/{place}, which does not exist."));
        });

    [Fact]
    public void What_is_met_names_a_test() =>
        Assert.All(s_rows.Where(row => row.Status == "*met*"), row => Assert.True(TestsOf(row).Any(), $"{row.Id} is met, but names no test."));

    [Fact]
    public void Every_test_that_is_named_exists_and_runs() =>
        Assert.All(s_rows, row => Assert.All(TestsOf(row), test => Assert.True(s_tests.Contains(test), $"{row.Id} names {test}: no test class and method of these names run.")));

    [Fact]
    public void What_is_settled_otherwise_says_why() =>
        Assert.All(s_rows.Where(row => row.Status == "*settled otherwise*"), row => Assert.True(row.Reason.Length >= 60, $"{row.Id} gives no reason to speak of."));

    [Theory]
    [InlineData("public sealed class GooseTests { [Fact]\n public void It_flies() { } }", "GooseTests.It_flies")]
    [InlineData("public abstract class Contract {\n [Theory]\n [InlineData(1)]\n public async Task It_swims(int n) { } }", "Contract.It_swims")]
    [InlineData("class A { [Fact] public void One() { } }\nclass B { [Fact(Timeout = 5)] public ValueTask Two() => default; }", "A.One B.Two")]
    public void A_test_is_found_in_a_source(string source, string tests) =>
        Assert.Equal(tests.Split(' '), FindTests([source]));

    [Theory]
    [InlineData("class GooseTests { public void It_flies() { } }")]
    [InlineData("class GooseTests { [Fact(Skip = \"later\")] public void It_flies() { } }")]
    [InlineData("class GooseTests { // [Fact] public void It_flies() { }\n }")]
    public void What_never_runs_is_no_test(string source) => Assert.Empty(FindTests([source]));

    private static List<Row> ReadRows(string text) =>
    [
        .. text.Split('\n')
            .Where(line => RowStart().IsMatch(line))
            .Select(line => line.Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => cells.Length == 5
                ? new Row(cells[0], cells[2], cells[3], cells[4])
                : throw new InvalidDataException($"{cells[0]} has {cells.Length} cells, not 5.")),
    ];

    private static IEnumerable<string> TestsOf(Row row) => TestName().Matches(row.Reason).Select(m => m.Groups[1].Value);

    // A method belongs to the class declared last before it; its attributes stand right above, without a blank line.
    private static HashSet<string> FindTests(IEnumerable<string> sources)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            var code = Comment().Replace(source, "");
            var classes = Class().Matches(code);
            var end = 0;
            foreach (Match method in Method().Matches(code))
            {
                var between = code[end..method.Index];
                var attributes = between[(BlankLine().Matches(between).LastOrDefault()?.Index ?? 0)..];
                if (Runs().IsMatch(attributes) && classes.LastOrDefault(c => c.Index < method.Index) is { } owner)
                    found.Add($"{owner.Groups[1].Value}.{method.Groups[1].Value}");
                end = method.Index + method.Length;
            }
        }

        return found;
    }

    private sealed record Row(string Id, string Status, string Where, string Reason);

    [GeneratedRegex(@"^\| [A-Z]-F?\d")]
    private static partial Regex RowStart();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"`([A-Z]\w*\.[A-Z]\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^[ \t]*//.*$|(?<=[{;}][ \t]*)//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^[ \t]*(?:(?:public|internal|file|sealed|abstract|static|partial) )*class (\w+)", RegexOptions.Multiline)]
    private static partial Regex Class();

    [GeneratedRegex(@"\bpublic (?:override |virtual |async |static )*(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"\n[ \t]*\n")]
    private static partial Regex BlankLine();

    // A test that is always skipped shows nothing.
    [GeneratedRegex(@"\[(?:Fact|Theory)\b(?![^\]]*\bSkip =)")]
    private static partial Regex Runs();
}
