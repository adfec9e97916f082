using System.Text.Json;

namespace Skein.EndToEnd;

/// <summary>Skills of a project, as its user has them: the example of <c>docs/skills.md</c>.</summary>
public sealed class SkillTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_skill_is_listed_once_its_folder_is_trusted_and_then_reaches_the_model()
    {
        _user.Write(".skein/skills/release/SKILL.md", Example());
        var model = _user.ScriptOf(
            new { type = "call", tool = "skill", arguments = new { name = "release" } }, new { type = "text", text = "Read." });

        var before = await _user.RunAsync("skills");
        var refused = await _user.RunAsync("run", "--model", model, "--json", "/release 1.2.0");
        await _user.RunAsync("trust");
        var listed = await _user.RunAsync("skills", "--json");
        var used = await _user.RunAsync("run", "--model", model, "--json", "/release 1.2.0");

        Assert.Contains("No skills", before.Out, StringComparison.Ordinal);
        Assert.Contains("is not trusted", before.Error, StringComparison.Ordinal);
        Assert.Contains("There is no tool 'skill'", refused.Out, StringComparison.Ordinal);
        var skill = Assert.Single(JsonDocument.Parse(listed.Out).RootElement.GetProperty("skills").EnumerateArray());
        Assert.Equal("release", skill.GetProperty("name").GetString());
        Assert.True(used.Code == 0, used.ToString());
        Assert.Contains("Write the notes as `notes-template.md` shows.", used.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_skill_that_breaks_a_rule_is_named_with_its_line()
    {
        _user.Write(".skein/skills/releases/SKILL.md", Example());
        await _user.RunAsync("trust");

        var listed = await _user.RunAsync("skills");

        Assert.Equal(1, listed.Code);
        Assert.Contains("releases/SKILL.md:2: 'name' must be that of its folder, 'releases', not 'release'.", listed.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_scripts_run_in_the_sandbox_and_what_it_does_not_name_is_asked_about()
    {
        Skein.Testing.Requires.Programs("bwrap", "prlimit");
        var outside = Path.Combine(Path.GetTempPath(), $"skein-skill-{Guid.NewGuid():N}");
        _user.Write(".skein/skills/release/SKILL.md", "---\nname: release\ndescription: How to release.\nallowed-tools: Bash(sh .skein/skills/release/check.sh:*)\n---\nRun sh .skein/skills/release/check.sh.");
        _user.Write(".skein/skills/release/check.sh", $"touch '{outside}'; touch inside; echo checked: $SKEIN_HOME $OPENAI_API_KEY.");
        _user.Variables["OPENAI_API_KEY"] = "honk-honk-honk";
        await _user.GoodAsync("trust");
        var model = _user.ScriptOf(
            new { type = "call", tool = "skill", arguments = new { name = "release" } },
            new { type = "call", tool = "bash", arguments = new { command = "sh .skein/skills/release/check.sh" } },
            new { type = "call", tool = "bash", arguments = new { command = "touch other" } },
            new { type = "text", text = "Done." });

        var used = await _user.GoodAsync("run", "--mode", "auto", "--json", "--model", model, "Release.");

        Assert.Contains("checked: .", used.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(outside));
        Assert.True(File.Exists(Path.Combine(_user.Project, "inside")));

        // In auto nothing is asked about but this, and nobody is there to answer.
        Assert.Contains("permission.asked", used.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Project, "other")));
    }

    private static string Example()
    {
        var page = File.ReadAllText(Path.Combine(PublishedProgram.Repository, "docs", "skills.md"));
        var start = page.IndexOf("```markdown\n", StringComparison.Ordinal) + "```markdown\n".Length;
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
    }
}
