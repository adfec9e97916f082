using System.Text.Json;
using Skein.Agent;
using Skein.Agent.Agents;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Running;

namespace Skein.Tests.Agent.Agents;

/// <summary>Agents that work for an agent: the kernel, the agent with its tool, and a model server that answers by what it is told.</summary>
public sealed class SubAgentTests : IAsyncLifetime
{
    private static readonly PermissionMode[] s_modes = [PermissionMode.Plan, PermissionMode.Ask, PermissionMode.Edits, PermissionMode.Auto];

    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ModelServer _server = null!;
    private ModelCatalog _models = null!;
    private Kernel _kernel = null!;
    private int _there;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ModelServer.StartAsync(Cancellation);
        _server.Otherwise = Answer;
        _models = new ModelCatalog(
            [new ProviderConfiguration("local", ProviderKind.OpenAi, _server.OpenAiAddress, DefaultModel: "any") { Models = new Dictionary<string, ModelFacts> { ["any"] = new(Price: new Price(100_000, 0)) } }], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

        // Changes are asked about, whatever the mode.
        var gate = new ToolGate(
            (_, tool, _, _) => ValueTask.FromResult(tool == "change" ? new ToolVerdict.Ask(null) : ToolVerdict.Allowed), (_, _, _, _) => ValueTask.CompletedTask);
        var change = new FuncTool("change", (_, _) => Task.FromResult(new ToolOutput("changed")), ToolEffect.Edit);
        var wait = new FuncTool("meet", async (_, token) => new ToolOutput(await MeetAsync(2, _met, token)));
        var hold = new FuncTool("hold", async (_, token) => new ToolOutput(await MeetAsync(20, _held, token)));
        _kernel = await Kernel.StartAsync(SkeinAgent.Kind(_models, new Toolbox([new TaskTool([]), change, wait, hold], gate), TimeProvider.System));
        _kernel.FindAgent = (name, _, _) => ValueTask.FromResult(name == "bold" ? new DefinedAgent(null, PermissionMode.Auto) : null);
        await _kernel.RestartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _models.Dispose();
        await _server.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Several_work_at_once_in_sessions_of_their_own_and_one_that_fails_ends_no_other()
    {
        var parent = await NewAsync();

        await _kernel.TurnAsync(parent, "DELEGATE say:one say:two fail meet meet");

        var results = (await _kernel.MessagesAsync(parent))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().ToList();
        Assert.Equal(["one", "two"], results.Take(2).Select(r => r.Output));
        Assert.True(results[2].IsError);
        Assert.Contains("did not come to its end: local answered 401", results[2].Output, StringComparison.Ordinal);
        Assert.Equal(["They met.", "They met."], results.Skip(3).Select(r => r.Output));
        Assert.Equal("All back.", (await _kernel.MessagesAsync(parent))[^1].Text);
        var children = await ChildrenAsync(parent);
        Assert.Equal(["fail", "meet", "meet", "say:one", "say:two"], children.Select(c => c.Title).Order());
        Assert.All(children, c => Assert.Equal((parent, "local/any", PermissionMode.Ask), (c.Parent!.Value, c.Model, c.Mode)));
        var told = (await _kernel.LogAsync(parent)).Select(e => e.Body).OfType<ToolFinished>().Select(f => f.Metadata).First()!.Value;
        Assert.Contains(children, c => c.Id.Value == told.GetProperty("session").GetString());
        Assert.True(told.GetProperty("input").GetInt64() > 0);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_one_asks_is_asked_in_the_parents_session_and_answered_in_either(bool inParent)
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE change"), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await _kernel.EventAsync<PermissionAsked>(parent, accepted.Seq)).Body;
        var child = (await ChildrenAsync(parent)).Single();

        Assert.Equal(SessionStatus.Waiting, child.Status);
        Assert.StartsWith("[change] ", asked.Title, StringComparison.Ordinal);
        var (session, permission) = inParent ? (parent, asked.Permission) : (child.Id, child.Questions.Single().Permission);
        await _kernel.Sessions.AnswerAsync(session, permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        await _kernel.EventAsync<TurnCompleted>(parent, accepted.Seq);

        var result = (await _kernel.MessagesAsync(parent))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.Equal("It says: changed", result.Output);
        Assert.Empty((await _kernel.GetAsync(parent)).Questions);
        Assert.Empty((await _kernel.GetAsync(child.Id)).Questions);
    }

    [Fact(Timeout = 60_000)]
    public async Task They_are_interrupted_with_the_turn_they_work_for()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE stall"), Kernel.User, Cancellation);
        await _stalled.Task.WaitAsync(Cancellation);
        var child = (await ChildrenAsync(parent)).Single();

        await _kernel.Sessions.InterruptAsync(parent, Kernel.User, Cancellation);

        Assert.Equal(SessionStatus.Interrupted, (await _kernel.GetAsync(parent)).Status);
        Assert.Equal(SessionStatus.Interrupted, (await _kernel.GetAsync(child.Id)).Status);
        Assert.IsType<TurnInterrupted>((await _kernel.EventAsync<TurnInterrupted>(parent, accepted.Seq)).Body);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_is_interrupted_alone_is_an_error_that_its_parent_reads()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE stall"), Kernel.User, Cancellation);
        await _stalled.Task.WaitAsync(Cancellation);

        await _kernel.Sessions.InterruptAsync((await ChildrenAsync(parent)).Single().Id, Kernel.User, Cancellation);
        await _kernel.EventAsync<TurnCompleted>(parent, accepted.Seq);

        var result = (await _kernel.MessagesAsync(parent))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.True(result.IsError);
        Assert.Contains("It was interrupted.", result.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task When_the_server_dies_both_are_mended_and_the_parent_goes_on()
    {
        var parent = await NewAsync();
        await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE stall"), Kernel.User, Cancellation);
        await _stalled.Task.WaitAsync(Cancellation);

        await using var after = await _kernel.CrashAsync();
        var children = await after.Sessions.ListAsync(new SessionQuery(Parent: parent), Cancellation);
        var mended = await after.MessagesAsync(parent);
        await after.TurnAsync(parent, "say:still here");

        Assert.Equal(SessionStatus.Interrupted, Assert.Single(children.Items).Status);
        Assert.True(mended[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single().IsError);
        Assert.Equal("still here", (await after.MessagesAsync(parent))[^1].Text);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task When_the_server_dies_or_is_stopped_while_some_ask_they_go_on_once_they_are_answered_in_either_session(bool inParent, bool dies)
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE say:one change change"), Kernel.User, Cancellation);
        var awaited = 3;
        await _kernel.EventAsync(parent, accepted.Seq, e => e.Body is ToolFinished or PermissionAsked && --awaited == 0);

        await using var next = dies ? await _kernel.CrashAsync() : null;
        var after = next ?? _kernel;
        if (!dies)
            await after.RestartAsync();
        var waiting = await after.Sessions.ListAsync(new SessionQuery(Parent: parent, Status: SessionStatus.Waiting), Cancellation);
        var questions = (await after.GetAsync(parent)).Questions;
        foreach (var question in questions)
        {
            var child = waiting.Items.Single(c => question.CallId.StartsWith(c.Id.Value, StringComparison.Ordinal));
            var (session, permission) = inParent ? (parent, question.Permission) : (child.Id, child.Questions.Single().Permission);
            await after.Sessions.AnswerAsync(session, permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        }

        await after.EventAsync<TurnCompleted>(parent, accepted.Seq);

        Assert.Equal((2, 2), (waiting.Items.Count, questions.Count));
        var results = (await after.MessagesAsync(parent))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().ToList();
        Assert.Equal(["one", "It says: changed", "It says: changed"], results.Select(r => r.Output));
        var children = (await after.Sessions.ListAsync(new SessionQuery(Parent: parent), Cancellation)).Items;
        Assert.Equal(3, children.Count);
        Assert.All([.. children, await after.GetAsync(parent)], s => Assert.Equal((SessionStatus.Idle, 0), (s.Status, s.Questions.Count)));
        foreach (var child in children)
            Assert.Single(await after.LogAsync(child.Id), e => e.Body is TurnStarted);
    }

    [Fact(Timeout = 60_000)]
    public async Task When_the_server_died_while_one_asks_and_it_is_interrupted_alone_its_parent_goes_on_and_reads_so()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE change"), Kernel.User, Cancellation);
        await _kernel.EventAsync<PermissionAsked>(parent, accepted.Seq);

        await using var after = await _kernel.CrashAsync();
        var child = Assert.Single((await after.Sessions.ListAsync(new SessionQuery(Parent: parent), Cancellation)).Items);
        await after.Sessions.InterruptAsync(child.Id, Kernel.User, Cancellation);
        await after.EventAsync<TurnCompleted>(parent, accepted.Seq);

        var result = (await after.MessagesAsync(parent))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.Contains("It was interrupted.", result.Output, StringComparison.Ordinal);
        Assert.Empty((await after.GetAsync(parent)).Questions);
    }

    [Fact(Timeout = 60_000)]
    public async Task When_the_server_died_while_one_asks_it_is_interrupted_with_its_parent()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE change"), Kernel.User, Cancellation);
        await _kernel.EventAsync<PermissionAsked>(parent, accepted.Seq);

        await using var after = await _kernel.CrashAsync();
        await after.Sessions.InterruptAsync(parent, Kernel.User, Cancellation);

        var child = Assert.Single((await after.Sessions.ListAsync(new SessionQuery(Parent: parent), Cancellation)).Items);
        Assert.All([child, await after.GetAsync(parent)], s => Assert.Equal((SessionStatus.Interrupted, 0), (s.Status, s.Questions.Count)));
    }

    [Fact(Timeout = 60_000)]
    public async Task There_are_so_many_and_so_deep_and_no_more()
    {
        var parent = await NewAsync();

        await _kernel.TurnAsync(parent, "DELEGATE nest");
        await _kernel.TurnAsync(parent, "DELEGATE " + string.Join(' ', Enumerable.Range(0, 23).Select(n => $"hold:{n}")));

        var child = (await ChildrenAsync(parent)).Single(c => c.Title == "nest");
        var grandchild = (await ChildrenAsync(child.Id)).Single();
        Assert.Empty(await ChildrenAsync(grandchild.Id));
        Assert.Contains("cannot hand out work itself", Said(await _kernel.MessagesAsync(grandchild.Id)), StringComparison.Ordinal);
        var results = (await _kernel.MessagesAsync(parent))[^2].Parts.Select(p => p.Content).OfType<ToolResultPart>().ToList();
        Assert.Equal(23, results.Count);
        var refused = results.Where(r => r.IsError).ToList();
        Assert.InRange(refused.Count, 1, 3);
        Assert.Equal(23 - refused.Count, (await ChildrenAsync(parent)).Count(c => c.Title.StartsWith("hold", StringComparison.Ordinal)));
        Assert.All(refused, r => Assert.Contains("20 agents work for session", r.Output, StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_mode_reaches_no_further_than_the_parents()
    {
        foreach (var mode in s_modes)
        {
            var parent = await NewAsync(mode);
            await _kernel.TurnAsync(parent, "DELEGATE bold");

            Assert.Equal(("bold", mode), ((await ChildrenAsync(parent)).Single() is var child ? child.Agent : "", child.Mode));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_they_cost_is_spent_of_the_parents_limit()
    {
        // A dollar a call: ten tokens.
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE say:one say:two", MaxCost: 2.5m), Kernel.User, Cancellation);
        var failed = (TurnFailed)(await _kernel.EventAsync<TurnFailed>(parent, accepted.Seq)).Body;

        Assert.Equal(FailureKind.Limit, failed.Kind);
        Assert.Contains("it cost $3.00, and max_cost is $2.50", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await _kernel.GetAsync(parent)).Cost);
        Assert.All(await ChildrenAsync(parent), c => Assert.Equal(1, c.Cost));
        Assert.All(
            (await Task.WhenAll((await ChildrenAsync(parent)).Select(c => _kernel.LogAsync(c.Id)))).SelectMany(l => l).Select(e => e.Body).OfType<TurnStarted>(),
            t => Assert.Equal(1.5m, t.MaxCost));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_an_agent_of_an_agent_cost_is_spent_of_the_first_one_s_limit()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE nest", MaxCost: 4.5m), Kernel.User, Cancellation);
        var failed = (TurnFailed)(await _kernel.EventAsync<TurnFailed>(parent, accepted.Seq)).Body;

        Assert.Contains("it cost $5.00, and max_cost is $4.50", failed.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Those_that_work_side_by_side_share_what_is_left()
    {
        // Each would make three calls of what was left when it began; together they have it for two or three.
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("DELEGATE busy busy", MaxCost: 3.5m), Kernel.User, Cancellation);
        await _kernel.EventAsync<TurnFailed>(parent, accepted.Seq);

        var children = await ChildrenAsync(parent);
        Assert.All(children, c => Assert.InRange(c.Cost, 1, 2));
        Assert.Equal(2, children.Count);
        Assert.Contains("nothing is left of what the turn that it works for may cost", Said(await _kernel.MessagesAsync(parent)), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_they_cost_before_a_restart_is_spent_of_the_limit_after_it()
    {
        var parent = await NewAsync();
        var accepted = await _kernel.Sessions.PromptAsync(parent, new PromptRequest("FIRST say:one", MaxCost: 2.5m), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await _kernel.EventAsync<PermissionAsked>(parent, accepted.Seq)).Body;

        await _kernel.RestartAsync();
        await _kernel.Sessions.AnswerAsync(parent, asked.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        var failed = (TurnFailed)(await _kernel.EventAsync<TurnFailed>(parent, accepted.Seq)).Body;

        Assert.Contains("it cost $3.00, and max_cost is $2.50", failed.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await _kernel.GetAsync(parent)).Cost);
    }

    private async Task<SessionId> NewAsync(PermissionMode mode = PermissionMode.Ask) =>
        (await _kernel.Sessions.CreateAsync(new NewSession(_kernel.Workspace, Model: "local/any", Mode: mode), Kernel.User, Cancellation)).Session.Id;

    private async Task<IReadOnlyList<Session>> ChildrenAsync(SessionId parent) =>
        (await _kernel.Sessions.ListAsync(new SessionQuery(Parent: parent, Limit: 1000), Cancellation)).Items;

    private static string Said(IReadOnlyList<Message> messages) =>
        string.Join('\n', messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.Output));

    // So many must be here at once.
    private async Task<string> MeetAsync(int number, TaskCompletionSource all, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _there) == number)
            all.SetResult();
        await all.Task.WaitAsync(cancellationToken);
        return "met";
    }

    private ModelAnswer Answer(ModelRequest request)
    {
        var messages = request.Body.GetProperty("messages").EnumerateArray().ToList();
        var prompt = messages.Last(m => m.GetProperty("role").GetString() == "user").GetProperty("content").ToString();
        var results = messages.Where(m => m.GetProperty("role").GetString() == "tool").Select(m => m.GetProperty("content").ToString()).ToList();
        if (prompt.StartsWith("DELEGATE ", StringComparison.Ordinal))
            return messages[^1].GetProperty("role").GetString() == "tool"
                ? new StreamedAnswer(new Said("All back."))
                : new StreamedAnswer([.. prompt.Split(' ').Skip(1).Select((work, n) => Handed(n, work))]);

        if (prompt.StartsWith("FIRST ", StringComparison.Ordinal))
            return new StreamedAnswer(results.Count == 0 ? Handed(0, prompt.Split(' ')[1]) : new Called("c", "change", "{}"));

        return prompt.Split(':') switch
        {
            ["say", var what] => new StreamedAnswer(new Said(what)),
            ["fail"] => RefusedAnswer.OpenAi(401, "invalid_api_key", "no"),
            ["hold", _] => results.Count > 0 ? new StreamedAnswer(new Said("Held.")) : new StreamedAnswer(new Called("h", "hold", "{}")),
            ["stall"] => new StreamedAnswer(new Said("I begin"), new Stalled(new TaskCompletionSource().Task, _stalled)),
            ["meet"] => results.Count > 0 ? new StreamedAnswer(new Said("They met.")) : new StreamedAnswer(new Called("m", "meet", "{}")),
            ["busy"] => new StreamedAnswer(new Called("b", "meet", "{}")),
            ["change"] => results.Count > 0 ? new StreamedAnswer(new Said($"It says: {results[0]}")) : new StreamedAnswer(new Called("c", "change", "{}")),
            ["nest"] => results.Count > 0 ? new StreamedAnswer(new Said("Nested.")) : new StreamedAnswer(Handed(0, "nest")),
            _ => new StreamedAnswer(new Said("Done.")),
        };
    }

    private static Called Handed(int n, string work) => new(
        $"t{n}", "task", JsonSerializer.Serialize(work == "bold" ? new { title = work, prompt = work, agent = "bold" } : (object)new { title = work, prompt = work }));
}
