using System.Runtime.Versioning;
using Skein.Testing;

namespace Skein.Tests.Sandbox;

/// <summary>Git at work in a workspace that is a part of a repository, and what of the repository cannot be reached by that.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class GitInSandboxTests : SandboxBench
{
    private const string Identity = "-c user.name=a -c user.email=a@b -c protocol.file.allow=always -c init.defaultBranch=main";

    public GitInSandboxTests() => Requires.Programs("git");

    [Theory]
    [ForBoth]
    public async Task A_folder_of_a_repository_has_its_history_and_the_rest_of_it_to_read(Who who)
    {
        await OutsideAsync(who, $"git {Identity} init -q repo && cd repo && mkdir sub && echo a > a && echo b > sub/b && git add . && git {Identity} commit -qm first");
        Use("repo/sub");

        var (code, output) = await RunAsync(who, $"echo c >> b && git status --short && git {Identity} commit -qam second && git log --format=%s && git status --short && cat ../a");

        Assert.Equal((0, " M b\nsecond\nfirst\na\n"), (code, output));
        Assert.NotEqual(0, (await RunAsync(who, "echo x > ../a")).Code);
        Assert.NotEqual(0, (await RunAsync(who, "echo x > ../.git/hooks/pre-commit")).Code);
        Assert.NotEqual(0, (await RunAsync(who, "git config core.fsmonitor ./evil")).Code);
    }

    [Theory]
    [ForBoth]
    public async Task A_further_work_tree_has_its_history_and_not_the_first_one_s_files(Who who)
    {
        await OutsideAsync(who, $"git {Identity} init -q main && cd main && echo a > a && git add . && git {Identity} commit -qm first && git worktree add -q ../tree");
        Use("tree");

        var (code, output) = await RunAsync(who, $"echo b > b && git add . && git {Identity} commit -qm second && git log --format=%s && git status --short && ls ../main -A");

        Assert.Equal((0, "second\nfirst\n.git\n"), (code, output));
        Assert.NotEqual(0, (await RunAsync(who, "echo x > ../main/.git/hooks/pre-commit")).Code);
        Assert.NotEqual(0, (await RunAsync(who, "echo x > ../main/.git/config")).Code);
    }

    [Theory]
    [ForBoth]
    public async Task A_submodule_has_its_history_and_not_the_outer_one_s_files(Who who)
    {
        await OutsideAsync(
            who,
            $"git {Identity} init -q lib && cd lib && echo a > a && git add . && git {Identity} commit -qm first && cd .. && git {Identity} init -q outer && cd outer && echo x > x && git {Identity} submodule --quiet add ../lib lib && git {Identity} commit -qm outer");
        Use("outer/lib");

        var (code, output) = await RunAsync(who, $"echo b > b && git add . && git {Identity} commit -qm second && git log --format=%s && git status --short && ls ..");

        Assert.Equal((0, "second\nfirst\nlib\n"), (code, output));
        Assert.NotEqual(0, (await RunAsync(who, "echo x > ../.git/modules/lib/hooks/pre-commit")).Code);
        Assert.NotEqual(0, (await RunAsync(who, "echo x >> ../.git/modules/lib/config")).Code);
    }

    // The file could name any folder: it is believed only where that says the same.
    [Theory]
    [ForBoth("gitdir: {0}/outside")]
    [ForBoth("gitdir: {0}/main/.git/worktrees/other")]
    [ForBoth("gitdir: {0}/main/.git")]
    [ForBoth("gitdir: {0}/outer/.git/modules/lib")]
    public async Task A_workspace_that_names_another_repository_as_its_own_does_not_have_it(Who who, string said)
    {
        await OutsideAsync(
            who,
            $"git {Identity} init -q main && cd main && echo a > a && git add . && git {Identity} commit -qm first && git worktree add -q ../other && cd .. && git {Identity} init -q outer && cd outer && git {Identity} submodule --quiet add ../main lib");
        var root = Path.GetDirectoryName(Workspace)!;
        Put(".git", said.Replace("{0}", root, StringComparison.Ordinal) + "\n");

        var (_, output) = await RunAsync(who, $"git log; ls -A {root} {root}/main {root}/outer {root}/outside; cat {root}/outside/secret");

        Assert.DoesNotContain("first", output, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.DoesNotContain("main\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [ForBoth]
    public async Task A_repository_that_holds_the_home_is_not_opened_for_a_folder_of_it(Who who)
    {
        await OutsideAsync(who, $"git {Identity} init -q .");

        Assert.NotEqual(0, (await RunAsync(who, "git status")).Code);
        Assert.NotEqual(0, (await RunAsync(who, $"cat '{SecretFile}'")).Code);
    }

    private void Use(string folder) => Policy = Policy with { Workspace = Path.Combine(Path.GetDirectoryName(Workspace)!, folder) };
}
