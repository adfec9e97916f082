using System.Text.RegularExpressions;

namespace Skein.Tests.House;

/// <summary>What the documents say of the tree is true.</summary>
public sealed partial class DocumentTests
{
    private const int FirstScreen = 40;

    private static IEnumerable<string> Documents =>
        Repository.Files("docs", "*.md").Concat(Directory.EnumerateFiles(Repository.Root, "*.md").Select(file => Path.GetFileName(file)));

    [Fact]
    public void Every_link_leads_to_a_file_that_exists()
    {
        var broken =
            from document in Documents
            from Match link in Link().Matches(Repository.Read(document))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal)
            let file = Path.Combine(Path.GetDirectoryName(Repository.PathOf(document))!, Uri.UnescapeDataString(target.Split('#')[0]))
            where !File.Exists(file) && !Directory.Exists(file)
            select $"{document}: {target}";

        Assert.Empty(broken);
    }

    [Fact]
    public void Every_link_to_a_heading_finds_it()
    {
        var broken =
            from document in Documents
            from Match link in Link().Matches(Repository.Read(document))
            let target = link.Groups[1].Value.Split('#')
            where target.Length == 2 && !target[0].Contains("://", StringComparison.Ordinal)
            let file = target[0].Length == 0 ? Repository.PathOf(document) : Path.Combine(Path.GetDirectoryName(Repository.PathOf(document))!, target[0])
            where File.Exists(file) && !Anchors(File.ReadAllText(file)).Contains(target[1])
            select $"{document}: {link.Groups[1].Value}";

        Assert.Empty(broken);
    }

    [Theory]
    [InlineData("dotnet run --project src/Skein.Cli -- demo")]
    [InlineData("dotnet test")]
    public void The_first_screen_of_the_README_has_the_two_commands(string command) =>
        Assert.Contains(command, File.ReadLines(Repository.PathOf("README.md")).Take(FirstScreen).Select(line => line.Split('#')[0].Trim()));

    [Fact]
    public void Decisions_are_numbered_without_repetition_and_have_their_three_parts()
    {
        var decisions = Repository.Files("docs/decisions", "*.md");

        Assert.Distinct(decisions.Select(file => Path.GetFileName(file)[..4]));
        Assert.All(decisions, file =>
        {
            Assert.Matches(@"^docs/decisions/\d{4}-[a-z0-9-]+\.md$", file);
            var text = Repository.Read(file);
            Assert.All(["## Context", "## Decision", "## Price"], heading => Assert.Contains(heading, text, StringComparison.Ordinal));
        });
    }

    // As GitHub makes them: lower case, spaces to hyphens, other marks dropped.
    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(text).Select(m => NotInAnchor().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
