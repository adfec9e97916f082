using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Claude;
using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;

namespace Skein.Tests.Adapters.Claude;

/// <summary>What Claude Code is told and asked, without its process.</summary>
public sealed class ClaudeProtocolTests
{
    private const string Request = """
        {"type":"control_request","request_id":"r1","request":{"subtype":"can_use_tool","tool_name":"Write","tool_use_id":"t1",
        "input":{"file_path":"/w/a.txt","content":"geese\n"},
        "permission_suggestions":[{"type":"setMode","mode":"acceptEdits","destination":"localSettings"},{"type":"setMode","mode":"bypassPermissions","destination":"session"}]}}
        """;

    private static readonly AgentResume s_gone = new("gone", 0, Forks: false);

    private readonly ClaudeProtocol _protocol = new("claude", TimeProvider.System);
    private readonly AgentSteps _steps = new();

    [Theory]
    [InlineData(PermissionAnswer.Once, """{"behavior":"allow","updatedInput":{"file_path":"/w/a.txt","content":"geese\n"}}""")]
    [InlineData(PermissionAnswer.Always, """{"behavior":"allow","updatedInput":{"file_path":"/w/a.txt","content":"geese\n"},"updatedPermissions":[{"type":"setMode","mode":"acceptEdits","destination":"session"}]}""")]
    [InlineData(PermissionAnswer.No, """{"behavior":"deny","message":"not here"}""")]
    public void A_permission_is_asked_with_the_difference_and_answered_without_touching_its_settings_or_turning_its_questions_off(PermissionAnswer answer, string told)
    {
        Begin();
        Hear(Request);
        var ask = Assert.IsType<AgentStep.Ask>(Assert.Single(Steps()));
        Assert.Equal(("Write", "Write /w/a.txt", "all edits"), (ask.Question.Tool, ask.Question.Title, ask.Question.Pattern));
        Assert.Contains("+geese", ask.Question.Detail, StringComparison.Ordinal);

        _protocol.Answer(ask.Question, new PermissionAnswered(ask.Question.Permission, answer, "not here"), _steps);

        var sent = Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame["response"]!;
        Assert.Equal(("success", "r1", told), (sent["subtype"]!.ToString(), sent["request_id"]!.ToString(), sent["response"]!.ToJsonString()));
    }

    [Theory]
    [InlineData(PermissionMode.Ask, PermissionMode.Plan, "default", "plan")]
    [InlineData(PermissionMode.Plan, PermissionMode.Auto, "plan", "default")]
    [InlineData(PermissionMode.Auto, PermissionMode.Edits, "default", null)]
    public void A_mode_is_told_when_it_starts_and_with_the_next_prompt_and_it_is_never_told_to_ask_nobody(PermissionMode first, PermissionMode next, string begun, string? changed)
    {
        var arguments = _protocol.Arguments(Turn(first).Session, null);
        _protocol.Prompt(Turn(first), null, _steps);
        Hear("""{"type":"result","subtype":"success","is_error":false}""");
        _ = Steps();

        _protocol.Prompt(Turn(next), null, _steps);
        var told = Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame;

        Assert.Equal(begun, arguments[arguments.Index().Single(a => a.Item == "--permission-mode").Index + 1]);
        Assert.DoesNotContain(arguments, a => a.Contains("dangerously", StringComparison.Ordinal));
        Assert.Equal((changed is null ? null : "set_permission_mode", changed), (told["request"]?["subtype"]?.ToString(), told["request"]?["mode"]?.ToString()));
    }

    [Fact]
    public void What_always_would_allow_is_told_in_words()
    {
        Begin();

        Hear("""
            {"type":"control_request","request_id":"r1","request":{"subtype":"can_use_tool","tool_name":"Bash","tool_use_id":"t1","input":{"command":"make"},
            "permission_suggestions":[{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"make"}],"behavior":"allow"},{"type":"addDirectories","directories":["/w/lib","/srv"]}]}}
            """);

        Assert.Equal("Bash(make), work in /w/lib, /srv", Assert.IsType<AgentStep.Ask>(Assert.Single(Steps())).Question.Pattern);
    }

    [Fact]
    public void Messages_of_one_id_are_told_apart_by_their_beginning_with_their_own_usage()
    {
        Begin();

        foreach (var (input, output) in new[] { (100, 7), (200, 9) })
        {
            Hear($$$"""{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1","role":"assistant","content":[],"usage":{"input_tokens":{{{input}}},"output_tokens":1 } } } }""");
            Hear("""{"type":"assistant","message":{"id":"msg_1","role":"assistant","content":[{"type":"text","text":"Geese."}]}}""");
            Hear($$$"""{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":{{{output}}} } } }""");
        }

        Hear("""{"type":"result","subtype":"success","is_error":false}""");
        Assert.Equal(
            [(100L, 7L), (200L, 9L)],
            Bodies(Steps()).OfType<MessageCompleted>().Select(m => (m.Usage!.Input, m.Usage.Output)));
    }

    [Fact]
    public void An_answer_is_told_when_it_begins_and_closed_where_another_takes_its_place_before_its_first_word()
    {
        Begin();

        Hear("""{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1","role":"assistant","model":"goose","content":[]}}}""");
        var begun = Bodies(Steps());
        Hear("""{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_2","role":"assistant","model":"goose","content":[]}}}""");
        Hear("""{"type":"assistant","message":{"id":"msg_2","role":"assistant","content":[{"type":"text","text":"Geese."}]}}""");
        Hear("""{"type":"result","subtype":"success","is_error":false}""");

        var first = Assert.IsType<MessageAdded>(Assert.Single(begun));
        Assert.Equal("goose", first.Model);
        var rest = Bodies(Steps());
        Assert.Equal([typeof(MessageCompleted), typeof(MessageAdded), typeof(PartAdded), typeof(MessageCompleted)], rest.Select(body => body.GetType()));
        Assert.Equal(first.Message, ((MessageCompleted)rest[0]).Message);
    }

    [Fact]
    public void An_answer_that_it_repeats_is_not_told_again_and_any_other_response_is()
    {
        Begin();
        Hear(Request);
        var ask = Assert.IsType<AgentStep.Ask>(Assert.Single(Steps()));
        _protocol.Answer(ask.Question, new PermissionAnswered(ask.Question.Permission, PermissionAnswer.Once), _steps);
        _ = Steps();

        Hear("""{"type":"control_response","response":{"subtype":"success","request_id":"r1"}}""");
        Hear("""{"type":"control_response","response":{"subtype":"success","request_id":"r2"}}""");

        var told = Assert.IsType<AgentReported>(Assert.Single(Assert.IsType<AgentEvents>(Assert.IsType<AgentStep.Yield>(Assert.Single(Steps())).Output).Bodies));
        Assert.Equal("r2", told.Frame!.Value.GetProperty("response").GetProperty("request_id").GetString());
    }

    [Fact]
    public void It_is_busy_while_a_call_of_its_turn_is_open()
    {
        Begin();
        var before = _protocol.IsBusy;

        Hear("""{"type":"assistant","message":{"id":"m1","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"make"}}]}}""");
        var during = _protocol.IsBusy;
        Hear("""{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"made"}]}}""");

        Assert.Equal((false, true, false), (before, during, _protocol.IsBusy));
    }

    [Fact]
    public void A_question_that_it_takes_back_is_forgotten()
    {
        Begin();
        Hear(Request);
        var ask = Assert.IsType<AgentStep.Ask>(Assert.Single(Steps()));

        Hear("""{"type":"control_cancel_request","request_id":"r1"}""");

        Assert.Equal(new AgentStep.Forget(ask.Question.Permission), Assert.Single(Steps()));
    }

    [Fact]
    public void A_turn_that_is_interrupted_ends_with_its_result_and_the_next_one_goes_on()
    {
        Begin();
        _protocol.Interrupt(_steps);
        Assert.Equal("interrupt", Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame["request"]!["subtype"]!.ToString());

        Hear("""{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_streaming"}""");

        Assert.IsType<AgentStep.Over>(Steps()[^1]);
        _protocol.Prompt(Turn(), null, _steps);
        Assert.Equal("user", Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame["type"]!.ToString());
    }

    [Theory]
    [InlineData("\"subtype\":\"error\",\"error\":\"no such model\"")]
    [InlineData("\"subtype\":\"success\"")]
    public void What_an_interrupted_turn_had_set_is_set_again_by_the_next_one_and_what_is_answered_late_ends_no_other(string late)
    {
        _ = _protocol.Arguments(Turn().Session, null);
        _protocol.Prompt(Turn(model: "dodo"), null, _steps);
        var first = Assert.Single(Sent())["request_id"]!.ToString();
        _protocol.Interrupt(_steps);
        Assert.Null(Assert.IsType<AgentStep.Over>(Assert.Single(Steps())).Failure);

        _protocol.Prompt(Turn(model: "grey"), null, _steps);
        var second = Assert.Single(Sent());
        Hear($$$"""{"type":"control_response","response":{"request_id":"{{{first}}}",{{{late}}} } }""");
        Assert.DoesNotContain(Steps(), s => s is AgentStep.Over or AgentStep.Send);
        Hear($$$"""{"type":"control_response","response":{"request_id":"{{{second["request_id"]}}}","subtype":"success"} }""");
        var third = Assert.Single(Sent());
        Hear($$$"""{"type":"control_response","response":{"request_id":"{{{third["request_id"]}}}","subtype":"success"} }""");

        Assert.Equal(("grey", "default", "user"), (second["request"]!["model"]!.ToString(), third["request"]!["mode"]!.ToString(), Assert.Single(Sent())["type"]!.ToString()));
    }

    [Fact]
    public void A_session_that_it_no_longer_has_is_lost_and_says_so()
    {
        var session = Turn().Session;
        Assert.Contains("--resume", _protocol.Arguments(session, s_gone));
        _protocol.Open(session, s_gone, _steps);
        _ = Steps();

        Hear("""{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: gone"]}""");

        Assert.Equal("claude: No conversation found with session ID: gone", Assert.IsType<AgentStep.Lost>(Assert.Single(Steps())).Why);
    }

    [Theory]
    [InlineData("""{"result":"Invalid API key · Please run /login"}""", FailureKind.Auth)]
    [InlineData("""{"result":"no","api_error_status":429}""", FailureKind.Quota)]
    [InlineData("""{"result":"no","api_error_status":529}""", FailureKind.Overload)]
    [InlineData("""{"result":"Prompt is too long","api_error_status":400}""", FailureKind.Overflow)]
    [InlineData("""{"errors":["connect ECONNREFUSED"]}""", FailureKind.Network)]
    [InlineData("{}", FailureKind.Internal)]
    public void A_failed_turn_fails_with_its_cause(string result, FailureKind kind)
    {
        Begin();

        Hear($$"""{"type":"result","subtype":"success","is_error":true{{(result == "{}" ? "}" : "," + result[1..])}}""");

        Assert.Equal(kind, Assert.IsType<AgentStep.Over>(Steps()[^1]).Failure!.Kind);
    }

    private static FakeTurn Turn(PermissionMode mode = PermissionMode.Ask, string? model = null) => new(Sample.Session(model, mode: mode), [Sample.User("Go.")]);

    private List<JsonObject> Sent() => [.. Steps().OfType<AgentStep.Send>().Select(s => s.Frame)];

    private static List<EventBody> Bodies(List<AgentStep> steps) =>
        [.. steps.OfType<AgentStep.Yield>().Select(y => y.Output).OfType<AgentEvents>().SelectMany(e => e.Bodies)];

    private void Begin()
    {
        var turn = Turn();
        _ = _protocol.Arguments(turn.Session, null);
        _protocol.Prompt(turn, null, _steps);
        Assert.Equal("user", Assert.IsType<AgentStep.Send>(Assert.Single(Steps())).Frame["type"]!.ToString());
    }

    private void Hear(string frame) => _protocol.Hear(JsonDocument.Parse(frame).RootElement, _steps);

    private List<AgentStep> Steps()
    {
        var steps = new List<AgentStep>();
        while (_steps.Take() is { } step)
            steps.Add(step);
        return steps;
    }
}
