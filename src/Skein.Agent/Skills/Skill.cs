using System.Text.RegularExpressions;
using Skein.Agent.Definitions;

namespace Skein.Agent.Skills;

/// <summary>
/// Something that an agent can learn when it needs it: a folder with a <c>SKILL.md</c>, as https://agentskills.io has it. Only name and
/// description are held; the rest is read when it is used.
/// </summary>
/// <param name="Name">Lower-case letters, digits and hyphens; the folder's own name.</param>
/// <param name="Description">What it is for and when to use it, in one line.</param>
/// <param name="Folder">Absolute.</param>
/// <param name="AllowedTools">The only calls that it makes unasked; null: it says nothing.</param>
public sealed partial record Skill(string Name, string Description, string Folder, IReadOnlyList<string>? AllowedTools)
{
    public const string FileName = "SKILL.md";

    private const int LongestName = 64;
    private const int LongestDescription = 1024;

    public string File => Path.Combine(Folder, FileName);

    /// <summary>Reads a skill.</summary>
    /// <exception cref="DefinitionException">It breaks a rule, or cannot be read.</exception>
    public static Skill Read(string file) => Read(file, out _);

    /// <summary>What it tells, as it is now.</summary>
    /// <exception cref="DefinitionException"/>
    public string ReadBody()
    {
        Read(File, out var body);
        return body;
    }

    private static Skill Read(string file, out string body)
    {
        var folder = Path.GetDirectoryName(file)!;
        var fields = FrontMatter.Read(file);
        var name = fields.Text("name", LongestName);
        if (!NameRule().IsMatch(name))
            throw fields.Wrong("name", $"must have lower-case letters, digits and single hyphens between them, not '{name}'.");
        if (name != Path.GetFileName(folder))
            throw fields.Wrong("name", $"must be that of its folder, '{Path.GetFileName(folder)}', not '{name}'.");

        body = fields.Body;
        return new Skill(
            name, fields.Text("description", LongestDescription).ReplaceLineEndings(" "), folder, fields.OptionalList("allowed-tools", SkillTools.Split));
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex NameRule();
}
