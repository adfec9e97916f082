using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Agent;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Acp;

/// <summary>What an agent that speaks ACP says and asks, driven as a real process over the real kernel.</summary>
public sealed class AcpAgentTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-07, P-08.
    [Fact]
    public async Task Text_and_thoughts_become_messages_usage_and_cost_are_counted_and_its_own_session_is_linked()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "think about ponds"));
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo honk"));

        var messages = await flock.Kernel.MessagesAsync(session);
        Assert.Equal(["think about ponds", "Thought.", "echo honk", "You said: honk"], messages.Select(m => m.Text));
        Assert.Equal(new ReasoningPart("about ponds"), messages[1].Parts[0].Content);
        Assert.Equal((MessageStatus.Completed, StopReason.End, "grey"), (messages[3].Status, messages[3].Stop, messages[3].Model));
        Assert.Equal(new Usage(Input: 100, Output: 20, CacheRead: 5), messages[3].Usage);
        Assert.Equal([0.25m, 0.25m], messages.Where(m => m.Role == Role.Assistant).Select(m => m.Cost));
        var linked = Assert.Single(await flock.EventsAsync<AgentLinked>(session));
        Assert.Equal(("goose", linked.Id), (linked.Agent, (await flock.Kernel.GetAsync(session)).AgentSession));
        var found = await flock.Kernel.Sessions.ListAsync(new SessionQuery(AgentSession: linked.Id), Cancellation);
        Assert.Equal(session, Assert.Single(found.Items).Id);
        Assert.Single(flock.Starts);
    }

    [Fact]
    public async Task Its_plan_is_an_event_and_what_has_none_of_its_own_is_kept_as_it_came()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "plan");

        Assert.Equal([new PlanStep("Fly south", PlanStepStatus.Pending)], Assert.Single(await flock.EventsAsync<PlanUpdated>(session)).Steps);
        var kinds = (await flock.EventsAsync<AgentReported>(session)).Select(r => r.Frame!.Value.GetProperty("params").GetProperty("update").GetProperty("sessionUpdate").GetString());
        Assert.Equal(["available_commands_update", "usage_update"], kinds);
        Assert.Equal("Planned.", await flock.LastAsync(session));
    }

    [Fact]
    public async Task What_it_says_while_it_starts_is_kept()
    {
        await using var flock = await Flock.StartAsync("early");
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "echo on");

        Assert.Contains("Good morning.", Assert.Single(await flock.EventsAsync<AgentReported>(session), r => r.Frame!.Value.GetRawText().Contains("agent_message_chunk", StringComparison.Ordinal)).Frame!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("You said: on", await flock.LastAsync(session));
    }

    [Theory]
    [InlineData("big 10", true)]
    [InlineData("write pond.txt", false)]
    public async Task A_call_that_the_agent_says_reads_is_known_to_change_nothing(string prompt, bool reads)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, prompt);

        Assert.Equal(reads, Assert.Single(await flock.EventsAsync<ToolStarted>(session)).Reads);
    }

    [Fact]
    public async Task An_allowed_call_goes_on_only_when_what_the_files_were_before_the_turn_is_kept()
    {
        Requires.Programs("node");
        using var folder = new TempFolder();
        await using var agent = new DrivenAgent(Flock.Options(folder.Path, "sound", TimeProvider.System));
        List<bool> wasWritten = [];
        var session = Sample.Session(null) with { Workspace = folder.Path, Mode = PermissionMode.Auto };
        var turn = new FakeTurn(session, [Sample.User("write pond.txt")])
        {
            ReadyForChanges = _ =>
            {
                wasWritten.Add(File.Exists(folder.Below("pond.txt")));
                return Task.CompletedTask;
            },
        };

        await foreach (var _ in agent.RunTurnAsync(turn, Cancellation))
            continue;

        Assert.Equal([false], wasWritten);
        Assert.True(File.Exists(folder.Below("pond.txt")));
    }

    [Theory]
    [InlineData(PermissionAnswer.Once, "o", true)]
    [InlineData(PermissionAnswer.Always, "a", true)]
    [InlineData(PermissionAnswer.No, "n", false)]
    public async Task What_it_asks_is_asked_with_the_difference_and_done_only_if_allowed(PermissionAnswer answer, string option, bool isDone)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "write pond.txt", answer);

        var path = Path.Combine(flock.Kernel.Workspace, "pond.txt");
        Assert.Equal(isDone, File.Exists(path));
        var asked = Assert.Single(await flock.EventsAsync<PermissionAsked>(session));
        Assert.Equal(("edit", "Write pond.txt", "Allow always"), (asked.Tool, asked.Title, asked.Pattern));
        Assert.Contains("+geese", asked.Detail, StringComparison.Ordinal);
        var message = (await flock.Kernel.MessagesAsync(session))[1];
        var call = Assert.Single(message.Parts.Select(p => p.Content).OfType<ToolCallPart>());
        var result = Assert.Single(message.Parts.Select(p => p.Content).OfType<ToolResultPart>());
        Assert.Equal(path, call.Arguments.GetProperty("path").GetString());
        Assert.Equal((call.CallId, !isDone), (result.CallId, result.IsError));
        Assert.Contains(isDone ? "+geese" : $"refused: {option}", result.Output, StringComparison.Ordinal);
        Assert.Equal($"{(isDone ? "Written" : "Not written")}, as {option} says.", await flock.LastAsync(session));
    }

    [Theory]
    [InlineData(PermissionMode.Auto, true, "default")]
    [InlineData(PermissionMode.Edits, true, "default")]
    [InlineData(PermissionMode.Plan, false, "plan")]
    public async Task A_mode_answers_for_the_user_and_the_agent_is_never_told_to_ask_nobody(PermissionMode mode, bool isDone, string own)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync(mode);

        await flock.TurnAsync(session, "write pond.txt", PermissionAnswer.No);
        await flock.TurnAsync(session, "state");

        Assert.Equal(isDone, File.Exists(Path.Combine(flock.Kernel.Workspace, "pond.txt")));
        Assert.Empty(await flock.EventsAsync<PermissionAsked>(session));
        Assert.Equal(own, await StateAsync(flock, session, "mode"));
    }

    // P-06, P-19.
    [Fact]
    public async Task The_model_is_changed_in_the_running_agent_and_outlives_a_restart()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo one");

        await flock.Kernel.Sessions.ChangeAsync(session, new SessionChange(Model: "snow"), Kernel.User, Cancellation);
        await flock.TurnAsync(session, "state");
        Assert.Equal("wild/snow", await StateAsync(flock, session, "model"));
        Assert.Single(flock.Starts);

        await flock.Kernel.RestartAsync();
        await flock.TurnAsync(session, "state");
        Assert.Equal("wild/snow", await StateAsync(flock, session, "model"));
        Assert.Equal(2, flock.Starts.Count);
    }

    // P flaw 11.
    [Fact]
    public async Task A_model_that_it_does_not_know_fails_every_turn_until_another_is_named()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync(model: "snow");
        await flock.TurnAsync(session, "echo one");
        await flock.Kernel.Sessions.ChangeAsync(session, new SessionChange(Model: "dodo"), Kernel.User, Cancellation);

        foreach (var prompt in (string[])["echo two", "echo three"])
        {
            var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(session, prompt));
            Assert.Equal((FailureKind.BadRequest, "goose does not take the model 'dodo': Unknown model dodo It has: grey, wild/snow."), (failed.Kind, failed.Message));
        }

        await flock.Kernel.Sessions.ChangeAsync(session, new SessionChange(Model: "grey"), Kernel.User, Cancellation);
        await flock.TurnAsync(session, "state");
        Assert.Equal("grey", await StateAsync(flock, session, "model"));
        Assert.Single(flock.Starts);
    }

    // P-06, P-19.
    [Fact]
    public async Task Model_and_mode_are_told_at_every_start_to_an_agent_that_does_not_keep_them()
    {
        await using var flock = await Flock.StartAsync("fickle");
        var session = await flock.NewSessionAsync(PermissionMode.Plan, "snow");

        await flock.TurnAsync(session, "state");
        Assert.Equal(("wild/snow", "plan"), (await StateAsync(flock, session, "model"), await StateAsync(flock, session, "mode")));

        await flock.Kernel.RestartAsync();
        await flock.TurnAsync(session, "state");
        Assert.Equal(("wild/snow", "plan"), (await StateAsync(flock, session, "model"), await StateAsync(flock, session, "mode")));
        Assert.Equal(2, flock.Starts.Count);
    }

    [Theory]
    [InlineData("sound")]
    [InlineData("asking")]
    public async Task Another_model_and_mode_are_told_to_the_running_agent_and_back_again(string how)
    {
        await using var flock = await Flock.StartAsync(how);
        var session = await flock.NewSessionAsync(PermissionMode.Edits, "grey");
        List<(string?, string?)> states = [];
        foreach (var (model, mode) in ((string, PermissionMode)[])[("snow", PermissionMode.Plan), ("grey", PermissionMode.Auto), ("snow", PermissionMode.Plan), ("grey", PermissionMode.Ask)])
        {
            await flock.Kernel.Sessions.ChangeAsync(session, new SessionChange(Model: model, Mode: mode), Kernel.User, Cancellation);
            await flock.TurnAsync(session, "state");
            states.Add((await StateAsync(flock, session, "model"), await StateAsync(flock, session, "mode")));
        }

        Assert.Equal([("wild/snow", "plan"), ("grey", "default"), ("wild/snow", "plan"), ("grey", "default")], states);
        Assert.Single(flock.Starts);
    }

    // P-06.
    [Fact]
    public async Task A_session_that_is_asked_for_again_with_another_model_has_it_in_the_running_agent()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync(model: "grey");
        await flock.TurnAsync(session, "echo one");

        var again = await flock.Kernel.Sessions.CreateAsync(new NewSession(flock.Kernel.Workspace, Model: "snow", Id: session), Kernel.User, Cancellation);
        await flock.TurnAsync(session, "state");

        Assert.Equal((session, "snow"), (again.Session.Id, again.Session.Model));
        Assert.Equal("wild/snow", await StateAsync(flock, session, "model"));
        Assert.Single(flock.Starts);
    }

    [Fact]
    public async Task Output_that_is_too_long_for_a_line_is_kept_as_a_blob()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "big 200000");

        var result = (await flock.Kernel.MessagesAsync(session))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.InRange(result.Output.Length, 1000, 33_000);
        Assert.Equal(200_000, result.Whole!.Size);
    }

    [Fact]
    public async Task It_sees_no_more_of_the_environment_than_it_is_given()
    {
        await using var flock = await Flock.StartAsync(change: o => o with { Environment = new Dictionary<string, string>(o.Environment) { ["GOOSE_KEY"] = "grey" } });
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "env");

        using var seen = JsonDocument.Parse(await flock.LastAsync(session));
        Assert.Equal(["GOOSE_KEY", "PATH"], seen.RootElement.EnumerateObject().Select(v => v.Name).Where(n => n != "PWD" && n != "_").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("429 too many requests", FailureKind.Quota)]
    [InlineData("You are not logged in", FailureKind.Auth)]
    [InlineData("the prompt exceeds the context window", FailureKind.Overflow)]
    [InlineData("overloaded", FailureKind.Overload)]
    [InlineData("no idea", FailureKind.Internal)]
    public async Task An_error_fails_the_turn_with_its_cause(string details, FailureKind kind)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(session, $"fail {details}"));

        Assert.Equal((kind, "goose"), (failed.Kind, failed.Provider));
        Assert.StartsWith($"goose: Internal error: {details}", failed.Message, StringComparison.Ordinal);
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo on"));
        Assert.Single(flock.Starts);
    }

    private static async Task<string?> StateAsync(Flock flock, SessionId session, string field)
    {
        using var state = JsonDocument.Parse(await flock.LastAsync(session));
        return state.RootElement.GetProperty(field).GetString();
    }
}
