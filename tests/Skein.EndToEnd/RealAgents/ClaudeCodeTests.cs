using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>Claude Code, over its stream of JSON.</summary>
public sealed class ClaudeCodeTests() : RealAgentTests("claude", Path.Combine(Requires.Npm("@anthropic-ai/claude-code-linux-x64"), "claude"))
{
    private const string Errand = "Count the geese.";

    private readonly TaskCompletionSource _errandEnds = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override string Keeps => ".claude/projects";

    protected override (string First, string Second) Models => ("claude-sonnet-4-5", "claude-opus-4-5");

    protected override int Overloaded => 529;

    protected override string TooLong => "prompt is too long: 210000 tokens > 200000 maximum";

    [Fact(Timeout = 180_000)]
    public async Task Its_tasks_are_a_plan_and_its_sub_agents_are_told_with_their_call()
    {
        Says(Call("TaskCreate", new { subject = "Find the pond", description = "Look" }), Call("TaskCreate", new { subject = "Swim", description = "Swim" }));
        Says(Call("TaskUpdate", new { taskId = "1", status = "in_progress" }));
        Says(Call("Task", new { description = "Count geese", prompt = Errand, subagent_type = "general-purpose" }));
        Says(new Said("I wait."));
        Says(new Said("Done."));
        var following = await PromptAsync("Go.");
        await SaidAsync(following, "I wait.");
        _errandEnds.SetResult();
        var events = await UntilEndAsync(following);
        Says(new Said("Still here."));
        var next = await GoodTurnAsync("And then?");

        Assert.Equal([new PlanStep("Find the pond", PlanStepStatus.InProgress), new PlanStep("Swim", PlanStepStatus.Pending)], PlanOf(events));
        var call = Assert.Single(All<ToolStarted>(events), s => s.Tool is "Task" or "Agent");
        Assert.Contains(All<SubagentReported>(events), r => r.CallId == call.CallId && r.Parts.Contains(new TextPart("Seven geese.")));
        Assert.Equal(["I wait.", "Done."], TextsOf(events));
        Assert.Equal(["Still here."], TextsOf(next));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_turn_costs_the_same_whether_its_process_was_ended_or_killed_before()
    {
        var costs = new List<decimal?>();
        for (var turn = 0; turn < 4; turn++)
        {
            Says(new Said("Honk."));
            costs.Add(All<MessageCompleted>(await GoodTurnAsync("Honk?")).Last().Cost);
            if (turn == 1)
                await ReleaseAsync();
            else if (turn == 2)
                await KillAgentAsync();
        }

        Assert.True(costs[0] > 0);
        Assert.Equal(Enumerable.Repeat(costs[0], 4), costs);
    }

    // Its call for the summary offers its tools.
    protected override string? Summarises()
    {
        const string summary = "They spoke of seven geese.";
        Says(new Said($"<summary>{summary}</summary>"));
        return summary;
    }

    protected override ModelAnswer? AnswerBeside(ModelRequest request) =>
        request.Body.GetProperty("messages").GetArrayLength() == 1 && request.Body.GetRawText().Contains(Errand, StringComparison.Ordinal)
            ? new StreamedAnswer(new Stalled(_errandEnds.Task), new Said("Seven geese."))
            : null;

    protected override void SetUp(User user, ModelServer model)
    {
        user.Variables["ANTHROPIC_BASE_URL"] = model.Address;
        user.Variables["ANTHROPIC_API_KEY"] = "sk-loopback";
        user.Variables["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        user.Variables["DISABLE_TELEMETRY"] = "1";
        user.Variables["CLAUDE_CODE_MAX_RETRIES"] = "1";
    }

    protected override Called Write(string path, string content) => Call("Write", new { file_path = path, content });

    protected override Called Run(string command) => Call("Bash", new { command, description = "Waits" });

    protected override RefusedAnswer Refuse(int status, string message) => RefusedAnswer.Anthropic(status, status switch
    {
        401 => "authentication_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "invalid_request_error",
    }, message);
}
