using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Tests.Agent;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Acp;

/// <summary>How a driven agent's process lives, dies and is gone on with.</summary>
public sealed class AcpLifeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("die", "goose was ended by signal 9. It said: Out of memory.")]
    [InlineData("exit", "goose ended with exit code 7.")]
    [InlineData("hangup", "goose closed its output.")]
    [InlineData("garbage", "goose wrote a line that is no JSON object: Segmentation fault, sort of")]
    [InlineData("endless", "goose wrote a line of more than 33,554,432 bytes, which is the most there may be.")]
    public async Task What_breaks_it_fails_the_turn_and_the_next_prompt_starts_it_anew_in_its_own_session(string prompt, string message)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(session, prompt));
        Assert.Equal((FailureKind.Internal, message), (failed.Kind, failed.Message));
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "state"));

        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Equal(2, flock.Starts.Count);
        Assert.Single(await flock.EventsAsync<AgentLinked>(session));
        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
        Assert.DoesNotContain("history", string.Concat(await flock.Kernel.TextsAsync(session)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_reads_no_more_fails_the_turn_and_the_next_prompt_starts_it_anew()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "deaf"));
        var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(session, "echo one"));
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo two"));

        Assert.StartsWith("goose reads no more (", failed.Message, StringComparison.Ordinal);
        Assert.Equal("You said: two", await flock.LastAsync(session));
        Assert.Equal(2, flock.Starts.Count);
        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
    }

    [Fact]
    public async Task What_it_had_said_before_it_died_is_kept()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "die");

        Assert.Equal("Half a sen", await flock.LastAsync(session));
    }

    [Theory]
    [InlineData("broken", "goose ended with exit code 3. It said: The geese are out.")]
    [InlineData("mute", "goose did not open its session within 1 s.")]
    public async Task One_that_does_not_open_a_session_is_named(string how, string message)
    {
        await using var flock = await Flock.StartAsync(how, o => o with { StartWithin = TimeSpan.FromSeconds(how == "mute" ? 1 : 120) });

        var session = await flock.NewSessionAsync();

        var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(session, "echo"));

        Assert.Equal(message, failed.Message);
        Assert.All(flock.Starts, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        var row = await flock.Kernel.GetAsync(session);
        Assert.Equal((null, SessionStatus.Error, message), (row.AgentSession, row.Status, row.Failure?.Message));
    }

    [Fact]
    public async Task One_that_is_not_installed_is_named()
    {
        await using var flock = await Flock.StartAsync(change: o => o with { Command = o.Command with { Program = "no-such-goose" } });

        var failed = Assert.IsType<TurnFailed>(await flock.TurnAsync(await flock.NewSessionAsync(), "echo"));

        Assert.StartsWith("goose cannot be started (no-such-goose ", failed.Message, StringComparison.Ordinal);
    }

    // P-06.
    [Fact]
    public async Task Two_prompts_at_once_to_a_session_at_rest_start_one_process_and_are_worked_on_one_after_the_other()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var prompts = Enumerable.Range(1, 8).Select(async client =>
        {
            await together.Task;
            return await flock.Kernel.Sessions.PromptAsync(session, new PromptRequest($"echo {client}", When: WhenBusy.Queue), new Cause($"client {client}"), Cancellation);
        }).ToList();

        together.SetResult();
        var accepted = await Task.WhenAll(prompts);
        foreach (var turn in accepted.Select(a => a.Turn))
            await flock.Kernel.EventAsync(session, 0, e => e.Body is TurnCompleted completed && completed.Turn == turn);

        Assert.Single(flock.Starts);
        Assert.Single(await flock.EventsAsync<AgentLinked>(session));
        var texts = await flock.Kernel.TextsAsync(session);
        Assert.Equal(Enumerable.Range(1, 8).Select(n => $"You said: {n}").Order(), texts.Where(t => t.StartsWith("You", StringComparison.Ordinal)).Order());
    }

    // P-13.
    [Theory]
    [InlineData("sleep", 1)]
    [InlineData("stubborn", 2)]
    public async Task An_interrupt_ends_the_turn_by_the_agents_own_means_or_by_signals(string prompt, int starts)
    {
        await using var flock = await Flock.StartAsync(change: o => prompt == "stubborn" ? o with { InterruptWithin = TimeSpan.FromMilliseconds(300), EndWithin = TimeSpan.FromMilliseconds(300) } : o);
        var session = await flock.NewSessionAsync();
        var accepted = await flock.Kernel.Sessions.PromptAsync(session, new PromptRequest(prompt), Kernel.User, Cancellation);
        await flock.Kernel.EventAsync(session, accepted.Seq, e => e.Body is MessageAdded { Role: Role.Assistant });

        Assert.True((await flock.Kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation)).Interrupted);

        Assert.Equal(SessionStatus.Interrupted, (await flock.Kernel.GetAsync(session)).Status);
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo on"));
        Assert.Equal(starts, flock.Starts.Count);
    }

    [Fact]
    public async Task An_interrupt_withdraws_what_it_asks()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        var accepted = await flock.Kernel.Sessions.PromptAsync(session, new PromptRequest("write pond.txt"), Kernel.User, Cancellation);
        await flock.Kernel.EventAsync<PermissionAsked>(session, accepted.Seq);

        await flock.Kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);

        Assert.Empty((await flock.Kernel.GetAsync(session)).Questions);
        Assert.False(File.Exists(Path.Combine(flock.Kernel.Workspace, "pond.txt")));
        await flock.TurnAsync(session, "echo on");
        Assert.Equal("You said: on", await flock.LastAsync(session));
        Assert.Single(flock.Starts);
    }

    // P-15, P-21.
    [Fact]
    public async Task After_a_restart_it_goes_on_in_its_own_session_and_nothing_is_said_twice()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo one");

        await flock.Kernel.RestartAsync();
        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
        await flock.TurnAsync(session, "state");

        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Equal(["echo one", "You said: one", "state"], (await flock.Kernel.TextsAsync(session)).Take(3));
        Assert.Equal(4, (await flock.Kernel.MessagesAsync(session)).Count);
    }

    // P-15.
    [Fact]
    public async Task Finding_a_session_after_a_restart_changes_nothing_of_it_and_starts_nothing()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync(PermissionMode.Edits, "snow");
        await flock.Kernel.Sessions.ChangeAsync(session, new SessionChange(Title: "The pond"), Kernel.User, Cancellation);
        await flock.TurnAsync(session, "echo one");
        var (before, log) = (await flock.Kernel.GetAsync(session), await flock.Kernel.LogAsync(session));
        await flock.Kernel.RestartAsync();

        var found = Assert.Single((await flock.Kernel.Sessions.ListAsync(new SessionQuery(AgentSession: before.AgentSession), Cancellation)).Items);
        var read = await flock.Kernel.GetAsync(session);

        Assert.Equal(("The pond", "snow", before.CreatedAt, before.UpdatedAt, before.Cost), (found.Title, found.Model, found.CreatedAt, found.UpdatedAt, found.Cost));
        Assert.Equal((before.Title, before.Model, before.Mode, before.AgentSession, before.Seq), (read.Title, read.Model, read.Mode, read.AgentSession, read.Seq));
        Assert.Equal(log.Count, (await flock.Kernel.LogAsync(session)).Count);
        Assert.Single(flock.Starts);
    }

    // P-18.
    [Fact]
    public async Task A_session_that_is_let_go_has_no_process_until_the_next_prompt()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo one");
        Assert.True(Directory.Exists($"/proc/{flock.Starts[0]}"));

        await flock.Kernel.Sessions.ReleaseAsync(session, Kernel.User, Cancellation);

        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
        await flock.TurnAsync(session, "state");
        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Equal(2, flock.Starts.Count);
    }

    [Theory]
    [InlineData("sound", PermissionAnswer.Once)]
    [InlineData("forgetful", PermissionAnswer.Once)]
    [InlineData("sound", PermissionAnswer.No)]
    public async Task A_session_that_it_lost_is_handed_over_if_its_user_wants_that(string how, PermissionAnswer answer)
    {
        await using var flock = await Flock.StartAsync(how);
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo remember the pond");
        var own = (await flock.Kernel.GetAsync(session)).AgentSession;
        await flock.Kernel.RestartAsync();
        File.Delete(Path.Combine(flock.Own, own + ".json"));

        var ended = await flock.TurnAsync(session, "echo on", answer);

        Assert.Contains($"goose no longer has its session {own}", Assert.Single(await flock.EventsAsync<PermissionAsked>(session)).Title, StringComparison.Ordinal);
        var now = (await flock.Kernel.GetAsync(session)).AgentSession;
        if (answer == PermissionAnswer.No)
        {
            Assert.IsType<TurnFailed>(ended);
            Assert.Equal(own, now);
            return;
        }

        Assert.IsType<TurnCompleted>(ended);
        Assert.NotEqual(own, now);
        Assert.Contains("remember the pond", await File.ReadAllTextAsync(Path.Combine(flock.Own, now + ".json"), Cancellation), StringComparison.Ordinal);
        Assert.Equal("You said: on", await flock.LastAsync(session));
    }

    // P-22.
    [Fact]
    public async Task A_session_begun_outside_that_the_agent_lost_since_is_handed_over_with_what_was_taken_over()
    {
        await using var flock = await Flock.StartAsync();
        var import = new ImportRequest(flock.Kernel.Workspace, "goose", "own-lost", [Sample.User("Remember the pond.")], "goose", AgentSession: "own-lost");
        var session = (await flock.Kernel.Sessions.ImportAsync(import, Kernel.User, Cancellation)).Session.Id;

        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo on"));

        Assert.Contains("goose no longer has its session own-lost", Assert.Single(await flock.EventsAsync<PermissionAsked>(session)).Title, StringComparison.Ordinal);
        var own = (await flock.Kernel.GetAsync(session)).AgentSession;
        Assert.NotEqual("own-lost", own);
        Assert.Contains("Remember the pond.", await File.ReadAllTextAsync(Path.Combine(flock.Own, own + ".json"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_forks_its_sessions_begins_a_fork_so_unless_the_origin_went_on()
    {
        await using var flock = await Flock.StartAsync("forking");
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo remember the pond");
        var own = (await flock.Kernel.GetAsync(session)).AgentSession!;
        var early = (await flock.Kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var late = (await flock.Kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;

        await flock.TurnAsync(early, "echo in the fork");
        await flock.TurnAsync(session, "echo the origin goes on");
        await flock.TurnAsync(late, "echo in the late fork");

        var (begun, told) = (await OwnAsync(early), await OwnAsync(late));
        Assert.Contains($"\"prompts\":[\"echo remember the pond\",\"echo in the fork\"],\"from\":\"{own}\"", begun, StringComparison.Ordinal);
        Assert.DoesNotContain("\"from\"", told, StringComparison.Ordinal);
        Assert.Contains("remember the pond", told, StringComparison.Ordinal);
        Assert.DoesNotContain("the origin goes on", told, StringComparison.Ordinal);
        Assert.DoesNotContain("fork", await OwnAsync(session), StringComparison.Ordinal);
        Assert.Empty(await flock.EventsAsync<PermissionAsked>(late));

        async Task<string> OwnAsync(SessionId of) =>
            await File.ReadAllTextAsync(Path.Combine(flock.Own, (await flock.Kernel.GetAsync(of)).AgentSession + ".json"), Cancellation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_came_into_its_session_by_a_merge_or_by_hand_it_is_told_once_with_the_next_prompt(bool restarted)
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo remember the pond");
        var own = (await flock.Kernel.GetAsync(session)).AgentSession!;
        var fork = (await flock.Kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await flock.TurnAsync(fork, "echo the fox is gone");
        await flock.Kernel.Sessions.MergeAsync(fork, new MergeRequest(), Kernel.User, Cancellation);
        await flock.Kernel.Sessions.AddMessageAsync(session, new NewMessage(Role.User, [new TextPart("The gate is open.")]), Kernel.User, Cancellation);
        if (restarted)
            await flock.Kernel.RestartAsync();

        await flock.TurnAsync(session, "echo one");
        await flock.TurnAsync(session, "echo two");

        var told = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(flock.Own, own + ".json"), Cancellation)).GetProperty("prompts");
        Assert.Equal(3, told.GetArrayLength());
        var first = told[1].GetString()!;
        Assert.StartsWith("Since you last answered, what stands between the lines was added to this conversation.\n-----\nUser:\nWhat the fork ", first, StringComparison.Ordinal);
        Assert.Contains("Its last answer:\nYou said: the fox is gone", first, StringComparison.Ordinal);
        Assert.EndsWith("User:\nThe gate is open.\n-----\n\necho one", first, StringComparison.Ordinal);
        Assert.Equal("echo two", told[2].GetString());
    }

    [Fact]
    public async Task A_fork_and_a_rewound_session_have_sessions_of_their_own_that_are_told_what_was_said()
    {
        await using var flock = await Flock.StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo remember the pond");
        await flock.TurnAsync(session, "echo forget the fox");
        var own = (await flock.Kernel.GetAsync(session)).AgentSession!;

        var fork = await flock.Kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation);
        await flock.TurnAsync(fork.Session.Id, "echo in the fork");
        await flock.Kernel.Sessions.RewindAsync(session, new RewindRequest((await flock.Kernel.MessagesAsync(session))[1].Id), Kernel.User, Cancellation);
        await flock.TurnAsync(session, "echo after the rewind");

        var forked = await ToldAsync(fork.Session.Id);
        var rewound = await ToldAsync(session);
        Assert.Contains("forget the fox", forked, StringComparison.Ordinal);
        Assert.Contains("remember the pond", rewound, StringComparison.Ordinal);
        Assert.DoesNotContain("forget the fox", rewound, StringComparison.Ordinal);
        Assert.DoesNotContain("in the fork", await File.ReadAllTextAsync(Path.Combine(flock.Own, own + ".json"), Cancellation), StringComparison.Ordinal);

        async Task<string> ToldAsync(SessionId of)
        {
            var id = (await flock.Kernel.GetAsync(of)).AgentSession!;
            Assert.NotEqual(own, id);
            return await File.ReadAllTextAsync(Path.Combine(flock.Own, id + ".json"), Cancellation);
        }
    }
}
