using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Codex;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;

namespace Skein.Tests.Adapters.Codex;

/// <summary>What Codex is told and asked, without its process.</summary>
public sealed class CodexProtocolTests
{
    private const string Command = """
        {"id":0,"method":"item/commandExecution/requestApproval","params":{"kind":"command","threadId":"t1","turnId":"u1","itemId":"c1","reason":"It needs the network.",
        "command":"/bin/bash -lc 'curl geese.example'","cwd":"/w","commandActions":[]}}
        """;

    private readonly CodexProtocol _protocol = new("codex", TimeProvider.System);
    private readonly AgentSteps _steps = new();

    [Theory]
    [InlineData(PermissionMode.Ask, "read-only")]
    [InlineData(PermissionMode.Plan, "read-only")]
    [InlineData(PermissionMode.Edits, "read-only")]
    [InlineData(PermissionMode.Auto, "workspace-write")]
    public void Its_sandbox_is_never_off_and_it_is_never_told_to_ask_nobody(PermissionMode mode, string sandbox)
    {
        var start = Open(mode);

        Assert.Equal(("thread/start", "on-request", "user", sandbox), (start["method"]!.ToString(), start["params"]!["approvalPolicy"]!.ToString(), start["params"]!["approvalsReviewer"]!.ToString(), start["params"]!["sandbox"]!.ToString()));
    }

    [Fact]
    public void Another_mode_is_told_with_the_next_prompt()
    {
        Begin(PermissionMode.Ask);
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"completed","items":[]}}}""");
        _ = Steps();

        _protocol.Prompt(Turn(PermissionMode.Auto), null, _steps);
        var changed = Sent()["params"]!;
        Hear("""{"id":4,"result":{"turn":{"id":"u2"}}}""");
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u2","status":"completed","items":[]}}}""");
        _ = Steps();
        _protocol.Prompt(Turn(PermissionMode.Auto), null, _steps);

        Assert.Equal("workspaceWrite", changed["sandboxPolicy"]!["type"]!.ToString());
        Assert.Null(Sent()["params"]!["sandboxPolicy"]);
    }

    [Fact]
    public void It_is_busy_while_a_call_of_its_turn_is_open()
    {
        Begin(PermissionMode.Ask);
        var before = _protocol.IsBusy;

        Hear("""{"method":"item/started","params":{"threadId":"t1","turnId":"u1","item":{"type":"commandExecution","id":"c1","command":"make","status":"inProgress"}}}""");
        var during = _protocol.IsBusy;
        Hear("""{"method":"item/completed","params":{"threadId":"t1","turnId":"u1","item":{"type":"commandExecution","id":"c1","command":"make","status":"completed","exitCode":0}}}""");

        Assert.Equal((false, true, false), (before, during, _protocol.IsBusy));
    }

    [Theory]
    [InlineData(PermissionAnswer.Once, "accept")]
    [InlineData(PermissionAnswer.Always, "acceptForSession")]
    [InlineData(PermissionAnswer.No, "decline")]
    public void A_command_is_asked_about_and_answered_without_touching_its_rules(PermissionAnswer answer, string decision)
    {
        Begin(PermissionMode.Ask);
        Hear(Command);
        var ask = Assert.IsType<AgentStep.Ask>(Assert.Single(Steps()));

        _protocol.Answer(ask.Question, new PermissionAnswered(ask.Question.Permission, answer), _steps);

        Assert.Equal(("shell", "shell curl geese.example", AgentEffect.Execute), (ask.Question.Tool, ask.Question.Title, ask.Effect));
        var sent = Sent();
        Assert.Equal(("0", decision), (sent["id"]!.ToString(), sent["result"]!["decision"]!.ToString()));
    }

    [Fact]
    public void In_mode_auto_the_log_keeps_what_was_asked_for()
    {
        Begin(PermissionMode.Auto);

        Hear(Command);

        var steps = Steps();
        Assert.IsType<AgentStep.Ask>(steps[0]);
        var reported = Assert.IsType<AgentReported>(Assert.Single(Assert.IsType<AgentEvents>(Assert.IsType<AgentStep.Yield>(steps[1]).Output).Bodies));
        Assert.Contains("It needs the network.", reported.Frame!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":1,"method":"item/permissions/requestApproval","params":{"threadId":"t1","turnId":"u1","itemId":"p1","reason":"more","permissions":{"network":{"enabled":true}}}}""")]
    [InlineData("""{"id":1,"method":"item/fileChange/requestApproval","params":{"threadId":"t1","turnId":"u1","itemId":"p1","reason":null,"grantRoot":"/"}}""")]
    public void To_be_let_do_more_than_one_call_it_asks_a_person_in_every_mode(string request)
    {
        Begin(PermissionMode.Auto);

        Hear(request);

        Assert.Equal(AgentEffect.Widen, Assert.IsType<AgentStep.Ask>(Steps()[0]).Effect);
    }

    [Fact]
    public void What_it_cannot_be_asked_here_is_answered_with_an_error_and_kept()
    {
        Begin(PermissionMode.Ask);

        Hear("""{"id":"q","method":"item/tool/requestUserInput","params":{"threadId":"t1","turnId":"u1","itemId":"i","questions":[]}}""");

        var steps = Steps();
        Assert.NotNull(Assert.IsType<AgentStep.Send>(steps[0]).Frame["error"]);
        Assert.IsType<AgentStep.Yield>(steps[1]);
    }

    [Fact]
    public void A_question_that_it_takes_back_is_forgotten()
    {
        Begin(PermissionMode.Ask);
        Hear(Command);
        var ask = Assert.IsType<AgentStep.Ask>(Assert.Single(Steps()));

        Hear("""{"method":"serverRequest/resolved","params":{"threadId":"t1","requestId":0}}""");

        Assert.Equal(new AgentStep.Forget(ask.Question.Permission), Assert.Single(Steps()));
    }

    [Fact]
    public void What_it_is_told_too_late_for_its_turn_begins_another_of_its_own()
    {
        Begin(PermissionMode.Ask);
        _protocol.Steer(Sample.User("and this"), _steps);
        Assert.Equal(("turn/steer", "u1"), (Peek(out var steer), steer["params"]!["expectedTurnId"]!.ToString()));

        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"completed","items":[]}}}""");
        Assert.Empty(Steps());
        Hear("""{"id":4,"error":{"code":-32600,"message":"no active turn to steer"}}""");

        Assert.Equal("turn/start", Peek(out var again));
        Assert.Equal("and this", again["params"]!["input"]![0]!["text"]!.ToString());
        Hear("""{"id":5,"result":{"turn":{"id":"u2"}}}""");
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u2","status":"completed","items":[]}}}""");
        Assert.Null(Assert.IsType<AgentStep.Over>(Steps()[^1]).Failure);
    }

    [Fact]
    public void An_interrupt_before_the_turn_has_a_name_is_told_when_it_has_one()
    {
        _ = Open(PermissionMode.Ask);
        Hear("""{"id":2,"result":{"thread":{"id":"t1"},"model":"grey"}}""");
        _protocol.Prompt(Turn(PermissionMode.Ask), null, _steps);
        _ = Steps();

        _protocol.Interrupt(_steps);
        Assert.Empty(Steps());
        Hear("""{"id":3,"result":{"turn":{"id":"u1"}}}""");

        Assert.Equal(("turn/interrupt", "u1"), (Peek(out var sent), sent["params"]!["turnId"]!.ToString()));
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"interrupted","items":[]}}}""");
        Assert.Null(Assert.IsType<AgentStep.Over>(Steps()[^1]).Failure);
    }

    [Fact]
    public void What_an_interrupted_turn_still_runs_is_ended()
    {
        Begin(PermissionMode.Ask);
        Hear("""{"method":"item/started","params":{"threadId":"t1","turnId":"u1","item":{"type":"commandExecution","id":"c1","command":"make","processId":"4711","status":"inProgress"}}}""");
        _protocol.Interrupt(_steps);
        _ = Steps();

        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"interrupted","items":[]}}}""");

        var steps = Steps();
        Assert.Equal("""{"threadId":"t1","processId":"4711"}""", Assert.Single(steps.OfType<AgentStep.Send>(), s => s.Frame["method"]!.ToString() == "thread/backgroundTerminals/terminate").Frame["params"]!.ToJsonString());
        Assert.Null(Assert.IsType<AgentStep.Over>(steps[^1]).Failure);
    }

    [Fact]
    public void A_compaction_is_a_turn_of_its_own_that_can_be_interrupted()
    {
        Begin(PermissionMode.Ask);
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"completed","items":[]}}}""");
        _ = Steps();

        _protocol.Compact(new FakeTurn(Sample.Session(null), []) { Compaction = new TurnCompaction(null) }, null, _steps);
        Assert.Equal(("thread/compact/start", "t1"), (Peek(out var compact), compact["params"]!["threadId"]!.ToString()));
        Hear("""{"id":4,"result":{}}""");
        _protocol.Interrupt(_steps);
        Assert.Empty(Steps());
        Hear("""{"method":"turn/started","params":{"threadId":"t1","turn":{"id":"u2","status":"inProgress","items":[]}}}""");

        Assert.Equal(("turn/interrupt", "u2"), (Peek(out var sent), sent["params"]!["turnId"]!.ToString()));
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u2","status":"interrupted","items":[]}}}""");
        Assert.Null(Assert.IsType<AgentStep.Over>(Steps()[^1]).Failure);
    }

    [Fact]
    public void What_its_summary_is_to_keep_it_cannot_be_told()
    {
        Begin(PermissionMode.Ask);

        _protocol.Compact(new FakeTurn(Sample.Session(null), []) { Compaction = new TurnCompaction("the pond") }, "the pond", _steps);

        Assert.Equal(FailureKind.BadRequest, Assert.IsType<AgentStep.Over>(Assert.Single(Steps())).Failure!.Kind);
    }

    [Fact]
    public void A_command_that_outlives_its_turn_runs_beside_those_after_it_until_it_ends()
    {
        const string item = """{"type":"commandExecution","id":"c1","command":"sleep 600","cwd":"/w","status":"inProgress"}""";
        Begin(PermissionMode.Ask);
        Hear($$$"""{"method":"item/started","params":{"threadId":"t1","turnId":"u1","item":{{{item}}}}}""");
        Hear("""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"u1","status":"completed","items":[]}}}""");
        var result = Assert.Single(Steps().OfType<AgentStep.Yield>().Select(y => y.Output).OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<PartAdded>().Select(p => p.Content).OfType<ToolResultPart>());
        Assert.True(_protocol.RanBeside);

        Turn("u2", 4);
        Assert.True(_protocol.RanBeside);
        Hear($$$"""{"method":"item/completed","params":{"threadId":"t1","turnId":"u1","item":{{{item}}}}}""");
        var told = Assert.IsType<AgentReported>(Assert.Single(Assert.IsType<AgentEvents>(Assert.IsType<AgentStep.Yield>(Assert.Single(Steps())).Output).Bodies));
        Turn("u3", 5);

        Assert.Equal(("[It still runs in the background.]", false), (result.Output, result.IsError));
        Assert.Contains("sleep 600", told.Frame!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.False(_protocol.RanBeside);

        void Turn(string turn, int request)
        {
            _protocol.Prompt(CodexProtocolTests.Turn(PermissionMode.Ask), null, _steps);
            Hear($$$$"""{"id":{{{{request}}}},"result":{"turn":{"id":"{{{{turn}}}}"}}}""");
            Hear($$$$"""{"method":"turn/completed","params":{"threadId":"t1","turn":{"id":"{{{{turn}}}}","status":"completed","items":[]}}}""");
            _ = Steps();
        }
    }

    [Fact]
    public void A_fork_is_asked_for_as_one()
    {
        _protocol.Open(Turn(PermissionMode.Ask).Session, new AgentResume("t0", 0, Forks: true), _steps);
        _ = Steps();
        Hear("""{"id":1,"result":{}}""");

        var fork = Assert.IsType<AgentStep.Send>(Steps()[^1]).Frame;
        Assert.Equal(("thread/fork", "t0"), (fork["method"]!.ToString(), fork["params"]!["threadId"]!.ToString()));
    }

    private static FakeTurn Turn(PermissionMode mode) => new(Sample.Session(null, mode: mode), [Sample.User("go")]);

    private JsonObject Open(PermissionMode mode)
    {
        _protocol.Open(Turn(mode).Session, null, _steps);
        _ = Steps();
        Hear("""{"id":1,"result":{}}""");
        return Assert.IsType<AgentStep.Send>(Steps()[^1]).Frame;
    }

    private void Begin(PermissionMode mode)
    {
        _ = Open(mode);
        Hear("""{"id":2,"result":{"thread":{"id":"t1"},"model":"grey"}}""");
        _protocol.Prompt(Turn(mode), null, _steps);
        Hear("""{"id":3,"result":{"turn":{"id":"u1"}}}""");
        _ = Steps();
    }

    private void Hear(string frame) => _protocol.Hear(JsonElement.Parse(frame), _steps);

    private JsonObject Sent() => Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame;

    private string Peek(out JsonObject sent) => (sent = Sent())["method"]!.ToString();

    private List<AgentStep> Steps()
    {
        var steps = new List<AgentStep>();
        while (_steps.Take() is { } step)
            steps.Add(step);
        return steps;
    }
}
