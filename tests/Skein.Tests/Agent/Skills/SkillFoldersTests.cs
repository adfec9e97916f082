using Skein.Agent.Skills;
using Skein.Testing;

namespace Skein.Tests.Agent.Skills;

/// <summary>Which skills an agent has: those of the project, once it is trusted, and those of the user.</summary>
public sealed class SkillFoldersTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private bool _trusted = true;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Skills_come_from_the_project_up_to_its_root_and_from_the_user_the_nearest_first()
    {
        _folder.Write("repo/.git/HEAD", "ref: refs/heads/main\n");
        Write("repo/sub/.skein/skills", "one", "in the folder");
        Write("repo/.agents/skills", "one", "at the root");
        Write("repo/.claude/skills", "two", "at the root");
        Write(".claude/skills", "two", "the user's");
        Write(".config/skein/skills", "three", "the user's");
        Write("elsewhere/.skein/skills", "four", "nobody's");

        var found = await FindAsync("repo/sub");

        Assert.Equal(["one: in the folder", "three: the user's", "two: at the root"], found.Skills.Select(s => $"{s.Name}: {s.Description}"));
        Assert.Empty(found.Problems);
        Assert.Empty(found.Untrusted);
    }

    [Fact]
    public async Task Skills_of_a_folder_that_is_not_trusted_do_not_count_and_are_named()
    {
        _trusted = false;
        Write("repo/.claude/skills", "theirs", "Do as I say.");
        Write(".claude/skills", "mine", "Do as I say.");

        var found = await FindAsync("repo");

        Assert.Equal(["mine"], found.Skills.Select(s => s.Name));
        Assert.Equal([_folder.Below("repo", ".claude/skills")], found.Untrusted);
    }

    [Theory]
    [InlineData(1, "must begin with a line '---'", "Just text.")]
    [InlineData(3, "has no line '---' that ends its fields", "---\nname: bad\ndescription: x")]
    [InlineData(1, "needs the field 'name'", "---\ndescription: x\n---\n")]
    [InlineData(1, "needs the field 'description'", "---\nname: bad\n---\n")]
    [InlineData(2, "'name' must have lower-case letters", "---\nname: Bad Name\ndescription: x\n---\n")]
    [InlineData(3, "'name' must be that of its folder, 'bad', not 'good'", "---\ndescription: x\nname: good\n---\n")]
    [InlineData(3, "'description' must be a text of 1 to 1024 characters", "---\nname: bad\ndescription: [a, b]\n---\n")]
    [InlineData(4, "'allowed-tools' must be a text or a list of texts", "---\nname: bad\ndescription: x\nallowed-tools: {a: b}\n---\n")]
    [InlineData(3, "is no YAML", "---\nname: bad\ndescription: \"open\n---\n")]
    [InlineData(2, "must have fields as 'name: value'", "---\n- a\n- b\n---\n")]
    [InlineData(1, "must be a file of 1 to 1048576 bytes, not 0", "")]
    public async Task A_file_that_breaks_a_rule_is_left_out_and_named_with_its_line(long line, string rule, string text)
    {
        var file = _folder.Write("repo/.skein/skills/bad/SKILL.md", text);
        Write("repo/.skein/skills", "good", "Good.");

        var found = await FindAsync("repo");

        var problem = Assert.Single(found.Problems);
        Assert.StartsWith($"{file}:{line}: {rule}", problem.Message, StringComparison.Ordinal);
        Assert.Equal(["good"], found.Skills.Select(s => s.Name));
    }

    [Theory]
    [InlineData("printf -- '---\\nname: bad\\ndescription: x\\n---\\n\\377' > SKILL.md", "5: is no text in UTF-8.")]
    [InlineData("printf -- '---\\nname: \\0bad\\ndescription: x\\n---\\n' > SKILL.md", "2: is no text in UTF-8.")]
    [InlineData("truncate -s 1048577 SKILL.md", "1: must be a file of 1 to 1048576 bytes, not 1048577.")]
    [InlineData("mkfifo SKILL.md", "1: must be a file of 1 to 1048576 bytes, not 0.")]
    [InlineData("ln -s nowhere SKILL.md", "1: cannot be read: ")]
    [InlineData("ln -s SKILL.md SKILL.md", "1: cannot be read: ")]
    [InlineData("mkfifo pipe; ln -s pipe SKILL.md", "1: must be a file of 1 to 1048576 bytes, not 0.")]
    [InlineData("ln -s /dev/zero SKILL.md", "1: must be a file of 1 to 1048576 bytes, not 0.")]
    public async Task A_file_that_cannot_be_read_holds_nobody_up_and_is_named(string made, string rule)
    {
        Write("repo/.skein/skills", "good", "Good.");
        var folder = Directory.CreateDirectory(_folder.Below("repo/.skein/skills/bad")).FullName;
        await Shell.RunAsync(folder, made);

        var found = await FindAsync("repo");

        Assert.StartsWith($"{folder}/SKILL.md:{rule}", Assert.Single(found.Problems).Message, StringComparison.Ordinal);
        Assert.Equal(["good"], found.Skills.Select(s => s.Name));
    }

    [Fact]
    public async Task Trust_does_not_reach_where_a_link_leads()
    {
        Write("repo/.skein/skills", "good", "Good.");
        Write("elsewhere", "theirs", "Do as I say.");
        Directory.CreateSymbolicLink(_folder.Below("repo/.skein/skills/theirs"), _folder.Below("elsewhere/theirs"));
        Directory.CreateSymbolicLink(_folder.Below("repo/.skein/skills/again"), "good");
        var inside = new SkillFolders([], (folder, _) => Task.FromResult(folder.StartsWith(_folder.Below("repo"), StringComparison.Ordinal)));

        var found = await inside.FindAsync(_folder.Below("repo"), Cancellation);
        var everywhere = await FindAsync("repo");

        Assert.Equal(["good"], found.Skills.Select(s => s.Name));
        Assert.Equal([_folder.Below("repo/.skein/skills/theirs/SKILL.md")], found.Untrusted);
        Assert.Equal(["good", "theirs"], everywhere.Skills.Select(s => s.Name));
    }

    [Fact]
    public async Task A_skill_that_was_changed_is_read_again()
    {
        Write("repo/.skein/skills", "one", "Before.");
        var folders = Folders();
        await folders.FindAsync(_folder.Below("repo"), Cancellation);

        Write("repo/.skein/skills", "one", "After it was changed.");
        var found = await folders.FindAsync(_folder.Below("repo"), Cancellation);

        Assert.Equal(["After it was changed."], found.Skills.Select(s => s.Description));
    }

    [Fact]
    public async Task One_that_a_link_leads_to_is_read_again_when_it_was_changed()
    {
        var real = _folder.Write("repo/shared.md", "---\nname: one\ndescription: Before.\n---\n");
        Directory.CreateDirectory(_folder.Below("repo/.skein/skills/one"));
        File.CreateSymbolicLink(_folder.Below("repo/.skein/skills/one/SKILL.md"), real);
        var folders = Folders();
        await folders.FindAsync(_folder.Below("repo"), Cancellation);

        _folder.Write("repo/shared.md", "---\nname: one\ndescription: After it was changed.\n---\n");

        Assert.Equal(["After it was changed."], (await folders.FindAsync(_folder.Below("repo"), Cancellation)).Skills.Select(s => s.Description));
    }

    [Fact]
    public async Task Windows_lines_and_a_byte_order_mark_are_read()
    {
        _folder.Write("repo/.skein/skills/one/SKILL.md", "\uFEFF---\r\nname: one\r\ndescription: >\r\n  Two\r\n  lines.\r\n---\r\n\r\nBody.\r\n");

        var skill = Assert.Single((await FindAsync("repo")).Skills);

        Assert.Equal("Two lines.", skill.Description);
        Assert.Equal("Body.", skill.ReadBody());
    }

    private Task<SkillSet> FindAsync(string workspace) => Folders().FindAsync(_folder.Below(workspace), Cancellation);

    private SkillFolders Folders() =>
        new(SkillFolders.OfUser(_folder.Path, _folder.Below(".config", "skein")), (_, _) => Task.FromResult(_trusted));

    private void Write(string folder, string name, string description) =>
        _folder.Write($"{folder}/{name}/SKILL.md", $"---\nname: {name}\ndescription: {description}\n---\nBody of {name}.\n");
}
