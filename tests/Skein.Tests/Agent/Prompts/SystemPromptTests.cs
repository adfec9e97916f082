using Skein.Agent;
using Skein.Agent.Prompts;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Prompts;

/// <summary>What the model is told before the conversation.</summary>
public sealed class SystemPromptTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_holds_the_environment_and_what_the_turn_adds()
    {
        using var folder = new TempFolder();
        folder.Write(".git/HEAD", "ref: refs/heads/feature/x\n");

        var prompt = await BuildAsync(folder.Path, system: "Speak in rhymes.");

        Assert.StartsWith("You are Skein", prompt, StringComparison.Ordinal);
        Assert.Contains($"- Working folder: {folder.Path}\n", prompt);
        Assert.Contains("- Date: 2026-11-21\n", prompt);
        Assert.Contains($"- Git: {folder.Path}, branch feature/x\n", prompt);
        Assert.Contains("Mode: ask.", prompt);
        Assert.DoesNotContain("# Plan mode", prompt);
        Assert.EndsWith("# Further instructions\nSpeak in rhymes.\n", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_mode_is_explained()
    {
        using var folder = new TempFolder();

        var prompt = await BuildAsync(folder.Path, PermissionMode.Plan);

        Assert.Contains("# Plan mode", prompt);
        Assert.DoesNotContain("- Git:", prompt);
    }

    [Fact]
    public async Task Instructions_come_from_the_root_of_the_repository_down_and_not_from_beyond()
    {
        using var folder = new TempFolder();
        folder.Write("AGENTS.md", "beyond");
        folder.Write("repo/.git/HEAD", "0123456789012345678901234567890123456789\n");
        folder.Write("repo/AGENTS.md", "at the root");
        folder.Write("repo/CLAUDE.md", "for another agent");
        folder.Write("repo/src/CLAUDE.md", "in the folder");
        var workspace = Path.Combine(folder.Path, "repo", "src");

        var found = await ProjectInstructions.ReadAsync(workspace, Cancellation);

        Assert.Equal(
            [(Path.Combine(folder.Path, "repo", "AGENTS.md"), "at the root"), (Path.Combine(workspace, "CLAUDE.md"), "in the folder")], found);
        Assert.Contains("at commit 0123456", await BuildAsync(workspace));
    }

    [Fact]
    public async Task Without_a_repository_only_the_folder_itself_is_asked()
    {
        using var folder = new TempFolder();
        folder.Write("AGENTS.md", "anybody's");
        var path = folder.Write("work/AGENTS.md", "ours");

        var found = await ProjectInstructions.ReadAsync(Path.GetDirectoryName(path)!, Cancellation);

        Assert.Equal([(path, "ours")], found);
    }

    [Fact]
    public async Task A_link_may_lead_to_the_other_file_but_not_out_of_the_repository()
    {
        using var folder = new TempFolder();
        folder.Write("secret", "hush");
        folder.Write("repo/.git/HEAD", "ref: refs/heads/main\n");
        var root = Path.Combine(folder.Path, "repo");
        folder.Write("repo/CLAUDE.md", "ours");
        File.CreateSymbolicLink(Path.Combine(root, "AGENTS.md"), "CLAUDE.md");
        folder.Write("repo/sub/x", "");
        File.CreateSymbolicLink(Path.Combine(root, "sub", "AGENTS.md"), Path.Combine(folder.Path, "secret"));

        var found = await ProjectInstructions.ReadAsync(Path.Combine(root, "sub"), Cancellation);

        Assert.Equal([(Path.Combine(root, "AGENTS.md"), "ours")], found);
    }

    [Fact]
    public async Task Long_instructions_are_cut_and_the_nearest_come_first()
    {
        using var folder = new TempFolder();
        folder.Write("r/.git/HEAD", "ref: refs/heads/main\n");
        var far = folder.Write("r/AGENTS.md", new string('f', 50_000));
        var middle = folder.Write("r/a/AGENTS.md", new string('m', 50_000));
        var near = folder.Write("r/a/b/AGENTS.md", new string('n', 10_000));

        var found = await ProjectInstructions.ReadAsync(Path.GetDirectoryName(near)!, Cancellation);

        Assert.Equal([far, middle, near], found.Select(f => f.Path));
        Assert.Equal(10_000, found[2].Text.Length);
        Assert.EndsWith($"[… the rest of {middle} was left out: only 32,000 characters of it are shown]", found[1].Text, StringComparison.Ordinal);
        Assert.InRange(found.Sum(f => f.Text.Length), 60_000, 65_000);
    }

    [Fact]
    public async Task The_branch_of_a_further_work_tree_is_found()
    {
        using var folder = new TempFolder();
        folder.Write("main/.git/worktrees/wt/HEAD", "ref: refs/heads/side\n");
        folder.Write("wt/.git", "gitdir: ../main/.git/worktrees/wt\n");

        Assert.Contains("branch side", await BuildAsync(Path.Combine(folder.Path, "wt")));
    }

    [Fact]
    public async Task The_user_s_own_instructions_come_before_the_project_s()
    {
        using var folder = new TempFolder();
        folder.Write("repo/AGENTS.md", "Of the project.");
        var own = folder.Write("CLAUDE.md", "Of the user.");

        var prompt = await BuildAsync(Path.Combine(folder.Path, "repo"), user: [Path.Combine(folder.Path, "AGENTS.md"), own]);

        Assert.Contains($"# The user's instructions, from {own}\nOf the user.\n", prompt);
        Assert.True(prompt.IndexOf("Of the user.", StringComparison.Ordinal) < prompt.IndexOf("Of the project.", StringComparison.Ordinal));
    }

    private static async Task<string> BuildAsync(string workspace, PermissionMode mode = PermissionMode.Ask, string? system = null, string[]? user = null) =>
        await SystemPrompt.BuildAsync(new FakeTurn(Sample.Session(null, workspace, mode), []) { System = system }, new Toolbox([], Sample.Open) { UserInstructions = user ?? [] }, new ManualClock(), Cancellation);
}
