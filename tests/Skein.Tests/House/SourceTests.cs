using System.Text.RegularExpressions;
using Skein.Testing;

namespace Skein.Tests.House;

/// <summary>The rules of the style that a program can check.</summary>
public sealed partial class SourceTests
{
    private const int LongestFile = 400;

    /// <summary>Files that are longer than <see cref="LongestFile"/> lines, each with the reason why it is one concept.</summary>
    private static readonly Dictionary<string, string> s_longForAReason = new(StringComparer.Ordinal);

    private static IEnumerable<string> Code => Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Concat(Repository.Files("bench", "*.cs"));

    [Fact]
    public void A_file_is_short_or_says_why_not()
    {
        var tooLong = Code
            .Where(file => !s_longForAReason.ContainsKey(file))
            .Select(file => (file, lines: File.ReadLines(Repository.PathOf(file)).Count()))
            .Where(f => f.lines > LongestFile);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void A_file_that_may_be_long_exists_and_is_long()
    {
        var shortOnes = s_longForAReason.Keys
            .Where(file => !File.Exists(Repository.PathOf(file)) || File.ReadLines(Repository.PathOf(file)).Count() <= LongestFile);

        Assert.Empty(shortOnes);
        Assert.DoesNotContain(s_longForAReason.Values, reason => reason.Length < 20);
    }

    [Fact]
    public void A_namespace_is_the_folder()
    {
        var strays = Code
            .Select(file => (file, space: Namespace().Match(Repository.Read(file)).Groups[1].Value))
            .Where(f => f.space.Length > 0)
            .Where(f => f.space != Path.GetDirectoryName(f.file)!.Replace('\\', '/').Split('/', 2)[1].Replace('/', '.'));

        Assert.Empty(strays);
    }

    [Fact]
    public void The_instructions_for_agents_stay_short() =>
        Assert.InRange(File.ReadLines(Repository.PathOf("AGENTS.md")).Count(), 1, 100);

    [Fact]
    public void What_tests_ask_for_is_what_the_checks_install()
    {
        var installed = Installed().Matches(Repository.Read(".ci/run")).Select(m => $"{m.Groups[1].Value}:{m.Groups[2].Value}");

        Assert.Equal(Requires.Packages.Select(p => $"{p.Key}:{p.Value}").Order(StringComparer.Ordinal), installed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^  ([a-z0-9-]+):([a-z0-9-]+)$", RegexOptions.Multiline)]
    private static partial Regex Installed();
}
