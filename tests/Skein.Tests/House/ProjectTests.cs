using System.Xml.Linq;

namespace Skein.Tests.House;

/// <summary>The drawing in docs/architecture.md, held by the build files.</summary>
public sealed class ProjectTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Skein.Core"] = [],
        ["Skein.Store"] = ["Skein.Core"],
        ["Skein.Postgres"] = ["Skein.Core"],
        ["Skein.Sandbox"] = ["Skein.Core"],
        ["Skein.Server"] = ["Skein.Core"],
        ["Skein.Client"] = ["Skein.Core"],
        ["Skein.Agent"] = ["Skein.Core", "Skein.Sandbox"],
        ["Skein.Adapters"] = ["Skein.Core", "Skein.Sandbox"],
    };

    public static TheoryData<string> Sources => [.. Repository.Files("src", "*.csproj")];

    public static TheoryData<string> All => [.. Repository.Files("src", "*.csproj"), .. Repository.Files("tests", "*.csproj"), .. Repository.Files("bench", "*.csproj")];

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_project_references_only_what_the_drawing_allows(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        string[] allowed = name == "Skein.Cli" ? [.. s_allowed.Keys] : s_allowed.GetValueOrDefault(name, []);

        Assert.True(name == "Skein.Cli" || s_allowed.ContainsKey(name), $"{name} is not in the drawing: say here and in docs/architecture.md what it may reference.");
        Assert.Empty(ReferencesOf(project).Except(allowed));
    }

    [Fact]
    public void The_program_names_every_part()
    {
        var parts = Repository.Files("src", "*.csproj").Select(Path.GetFileNameWithoutExtension).Where(name => name != "Skein.Cli");

        Assert.Equal(parts, ReferencesOf("src/Skein.Cli/Skein.Cli.csproj").Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_project_silences_no_warning_of_its_own(string project)
    {
        var file = XDocument.Load(Repository.PathOf(project));

        Assert.Empty(file.Descendants("NoWarn"));
        Assert.DoesNotContain(file.Descendants(), e => e.Name.LocalName is "TreatWarningsAsErrors" or "WarningsNotAsErrors" or "Nullable");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Versions_of_packages_stand_in_one_place(string project) =>
        Assert.DoesNotContain(
            XDocument.Load(Repository.PathOf(project)).Descendants("PackageReference"),
            package => package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null);

    [Theory]
    [MemberData(nameof(All))]
    public void Every_project_is_in_the_solution(string project)
    {
        var solution = XDocument.Load(Repository.PathOf("Skein.slnx"));

        Assert.Contains(project, solution.Descendants("Project").Select(p => p.Attribute("Path")!.Value));
    }

    [Fact]
    public void Unsafe_code_is_allowed_only_where_system_calls_are_made()
    {
        var projects = Repository.Files("src", "*.csproj")
            .Where(project => XDocument.Load(Repository.PathOf(project)).Descendants("AllowUnsafeBlocks").Any())
            .Select(Path.GetFileNameWithoutExtension);

        Assert.Empty(projects.Except(["Skein.Store", "Skein.Sandbox"]));
    }

    private static IEnumerable<string> ReferencesOf(string project) =>
        XDocument.Load(Repository.PathOf(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
}
