using Skein.Agent;
using Skein.Agent.Agents;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Agent.Loop;
using Skein.Tests.Running;

namespace Skein.Tests.Agent.Agents;

/// <summary>Agents that files define: which there are, what a broken one is told, and what becomes of a session that has one.</summary>
public sealed class AgentFoldersTests : IDisposable
{
    private const string Reviewer = "---\ndescription: Looks for faults.\nmodel: scripted/critic\nmode: plan\ntools: Read, grep, mcp__notes__*\n---\nYou look for faults and change nothing.";

    private readonly TempFolder _folder = new();
    private bool _trusted = true;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AgentFolders Folders => new(AgentFolders.OfUser(_folder.Path, _folder.Below(".config")), (_, _) => Task.FromResult(_trusted));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Agents_come_from_the_project_and_from_the_user_the_nearest_first()
    {
        _folder.Write("repo/.git/HEAD", "ref: refs/heads/main\n");
        _folder.Write("repo/.skein/agents/reviewer.md", Reviewer);
        _folder.Write(".config/agents/reviewer.md", "---\ndescription: Mine.\n---\nReview.");
        _folder.Write(".claude/agents/writer.md", "---\ndescription: Writes.\nmodel: opus\n---\nWrite.");

        var found = await Folders.FindAsync(_folder.Below("repo"), Cancellation);

        Assert.Empty(found.Problems);
        Assert.Equal(["reviewer: Looks for faults.", "writer: Writes."], found.Agents.Select(a => $"{a.Name}: {a.Description}"));
        Assert.Equal(("scripted/critic", PermissionMode.Plan), (found.Agents[0].Model, found.Agents[0].Mode));
        Assert.Equal(["read", "grep", "mcp__notes__*"], found.Agents[0].Tools!);
        Assert.Null(found.Agents[1].Model);
    }

    [Fact]
    public async Task Agents_of_a_folder_that_is_not_trusted_do_not_count_and_are_named()
    {
        _trusted = false;
        _folder.Write("repo/.skein/agents/reviewer.md", Reviewer);

        var found = await Folders.FindAsync(_folder.Below("repo"), Cancellation);

        Assert.Empty(found.Agents);
        Assert.Equal([_folder.Below("repo", ".skein/agents")], found.Untrusted);
        Assert.Null(await Folders.FindAsync("reviewer", _folder.Below("repo"), Cancellation));
    }

    [Theory]
    [InlineData("bad", 1, "needs the field 'description'", "---\nmode: plan\n---\nx")]
    [InlineData("bad", 3, "'mode' must be one of ask, plan, edits, auto, not 'free'.", "---\ndescription: x\nmode: free\n---\nx")]
    [InlineData("bad", 3, "'model' must be 'provider/name', not 'opus'.", "---\ndescription: x\nmodel: opus\n---\nx")]
    [InlineData("bad", 3, "'tools' must be names of tools, with a '*' for the rest of a name, not 'Bash(git:*)'.", "---\ndescription: x\ntools: Bash(git:*)\n---\nx")]
    [InlineData("bad", 4, "must have a text below its fields", "---\ndescription: x\n---\n")]
    [InlineData("skein", 1, "must have a name of 1 to 64 letters, digits, '-' and '_' that is not 'skein'", Reviewer)]
    public async Task A_file_that_breaks_a_rule_is_named_with_its_line_by_the_list_and_by_who_wants_it(string name, long line, string rule, string text)
    {
        _folder.Write($"repo/.skein/agents/{name}.md", text);

        var problem = Assert.Single((await Folders.FindAsync(_folder.Below("repo"), Cancellation)).Problems);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(async () => await Folders.FindAsync(name, _folder.Below("repo"), Cancellation));

        Assert.Equal(line, problem.Line);
        Assert.Contains(rule, problem.Message, StringComparison.Ordinal);
        Assert.Contains(problem.Message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_turns_have_its_prompt_and_only_its_tools()
    {
        _folder.Write(".skein/agents/reviewer.md", Reviewer);
        var box = new Toolbox([new FuncTool("read", ""), new FuncTool("edit", ""), new FuncTool("mcp__notes__list", "")], Sample.Open);

        var its = await Folders.ExtendAsync(box, Sample.Session(null, _folder.Path) with { Agent = "reviewer" }, Cancellation);
        var usual = await Folders.ExtendAsync(box, Sample.Session(null, _folder.Path), Cancellation);

        Assert.Equal(["read", "mcp__notes__list"], its.Tools.Select(t => t.Name));
        Assert.Equal("You look for faults and change nothing.", its.Prompt);
        Assert.Equal(["read", "edit", "mcp__notes__list", "task"], usual.Tools.Select(t => t.Name));
        Assert.Null(usual.Prompt);
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await Folders.ExtendAsync(box, Sample.Session(null, _folder.Path) with { Agent = "gone" }, Cancellation));
    }

    [Fact]
    public async Task A_session_has_the_model_and_the_mode_of_its_agent_and_leaves_them_with_it()
    {
        _folder.Write(".skein/agents/reviewer.md", Reviewer);
        _folder.Write(".skein/agents/plain.md", "---\ndescription: x\n---\nx");
        await using var kernel = await Kernel.StartAsync(new Skein.Core.Agents.AgentKind(SkeinAgent.Name, _ => new Looped(Looped.Say("Yes.")).Agent, Resumes: true, _ => null));
        kernel.FindAgent = (name, _, token) => Folders.FindAsync(name, _folder.Path, token);
        await kernel.RestartAsync();

        var session = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, "reviewer"), Kernel.User, Cancellation)).Session;
        var back = (await kernel.Sessions.ChangeAsync(session.Id, new SessionChange(Agent: "skein", Model: "scripted/test"), Kernel.User, Cancellation)).Session;
        var kept = (await kernel.Sessions.ChangeAsync(session.Id, new SessionChange(Agent: "plain"), Kernel.User, Cancellation)).Session;
        var again = (await kernel.Sessions.ChangeAsync(session.Id, new SessionChange(Agent: "reviewer"), Kernel.User, Cancellation)).Session;
        var left = (await kernel.Sessions.ChangeAsync(session.Id, new SessionChange(Agent: "plain"), Kernel.User, Cancellation)).Session;
        var unknown = await Assert.ThrowsAsync<InvalidRequestException>(() => kernel.Sessions.ChangeAsync(session.Id, new SessionChange(Agent: "nobody"), Kernel.User, Cancellation));
        await kernel.TurnAsync(session.Id, "Go.");

        Assert.Equal(("reviewer", "scripted/critic", PermissionMode.Plan), (session.Agent, session.Model, session.Mode));
        Assert.Equal(("skein", "scripted/test"), (back.Agent, back.Model));
        Assert.Equal(("plain", "scripted/test"), (kept.Agent, kept.Model));
        Assert.Equal(("reviewer", "scripted/critic"), (again.Agent, again.Model));
        Assert.Null(left.Model);
        Assert.Contains("There is no agent 'nobody'", unknown.Message, StringComparison.Ordinal);
        Assert.Equal("plain", (await kernel.LogAsync(session.Id)).Select(e => e.Body).OfType<TurnStarted>().Single().Agent);
    }
}
