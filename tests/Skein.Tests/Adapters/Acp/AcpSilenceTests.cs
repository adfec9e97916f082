using System.Runtime.Versioning;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Acp;

/// <summary>A driven agent that says nothing in the middle of a turn, by a clock that is set on.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class AcpSilenceTests
{
    private const string Message =
        "goose said nothing for 600 s in the middle of its turn, though no call of a tool was open and nobody was asked: it was ended ('silence_seconds' in the settings).";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    private readonly ManualClock _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData("sleep")]
    [InlineData("stubborn")]
    public async Task One_that_falls_silent_is_interrupted_then_ended_and_the_next_prompt_goes_on_in_its_own_session(string prompt)
    {
        await using var flock = await StartAsync();
        var session = await flock.NewSessionAsync();
        var asked = await PromptAsync(flock, session, prompt);
        await flock.Kernel.EventAsync(session, asked, e => e.Body is MessageAdded { Role: Role.Assistant });
        var said = (await flock.Kernel.GetAsync(session)).AgentSession;

        await WaitOutAsync(s_limit);
        if (prompt == "stubborn")
        {
            await WaitOutAsync(TimeSpan.FromSeconds(3));
            await WaitOutAsync(TimeSpan.FromSeconds(1));
        }

        await FailedAsync(flock, session, asked);
        Assert.Equal(prompt == "sleep" ? "Sleeping" : "No.", await flock.LastAsync(session));
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "state"));
        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Equal(said, (await flock.Kernel.GetAsync(session)).AgentSession);
        Assert.Equal(2, flock.Starts.Count);
        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_that_is_never_over_is_ended_by_a_limit_of_its_own()
    {
        await using var flock = await StartAsync(s_limit * 3);
        var session = await flock.NewSessionAsync();
        var asked = await PromptAsync(flock, session, "work");
        await flock.Kernel.EventAsync<ToolStarted>(session, asked);

        await WaitOutAsync(s_limit);
        await WaitOutAsync(s_limit);
        await WaitOutAsync(s_limit);

        await FailedAsync(flock, session, asked, "goose said nothing for 1800 s while a call of a tool was open: it was ended ('call_silence_seconds' in the settings).");
        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo on"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_may_last_for_ever_where_the_settings_say_so_and_only_what_comes_after_it_counts()
    {
        await using var flock = await StartAsync();
        var session = await flock.NewSessionAsync();
        var asked = await PromptAsync(flock, session, "work");
        await flock.Kernel.EventAsync<ToolStarted>(session, asked);

        for (var i = 0; i < 6; i++)
            await WaitOutAsync(s_limit);
        await _clock.WhenWaitedForExactlyAsync(s_limit, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(flock.Own, "go"), "", Cancellation);
        Assert.False(((ToolFinished)(await flock.Kernel.EventAsync<ToolFinished>(session, asked)).Body).IsError);
        await WaitOutAsync(s_limit);

        await FailedAsync(flock, session, asked);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_turn_may_last_as_long_as_something_is_heard_of_it()
    {
        await using var flock = await StartAsync();
        var session = await flock.NewSessionAsync();
        var asked = await PromptAsync(flock, session, "steps 3");
        await _clock.WhenWaitedForExactlyAsync(s_limit, Cancellation);

        for (var step = 1; step <= 3; step++)
        {
            _clock.Advance(s_limit * 0.9);
            await File.WriteAllTextAsync(Path.Combine(flock.Own, $"go{step}"), "", Cancellation);
            await flock.Kernel.EventAsync(session, asked, e => e.Body is PlanUpdated plan && plan.Steps[0].Text == $"Step {step}");
        }

        await flock.Kernel.EventAsync<TurnCompleted>(session, asked);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_question_may_wait_for_longer()
    {
        await using var flock = await StartAsync();
        var session = await flock.NewSessionAsync();
        var asked = await PromptAsync(flock, session, "write pond.txt");
        var question = (PermissionAsked)(await flock.Kernel.EventAsync<PermissionAsked>(session, asked)).Body;

        for (var i = 0; i < 6; i++)
            await WaitOutAsync(s_limit);
        await _clock.WhenWaitedForExactlyAsync(s_limit, Cancellation);
        await flock.Kernel.Sessions.AnswerAsync(session, question.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);

        await flock.Kernel.EventAsync<TurnCompleted>(session, asked);
        Assert.True(File.Exists(Path.Combine(flock.Kernel.Workspace, "pond.txt")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_does_not_read_what_it_is_told_is_ended_also_by_an_interrupt(bool interrupted)
    {
        await using var flock = await StartAsync();
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "freeze");
        var asked = await PromptAsync(flock, session, "echo " + new string('g', 1 << 20));

        if (interrupted)
        {
            await _clock.WhenWaitedForExactlyAsync(s_limit, Cancellation);
            var ended = flock.Kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);
            await WaitOutAsync(TimeSpan.FromSeconds(3));
            await WaitOutAsync(TimeSpan.FromSeconds(1));
            Assert.True((await ended).Interrupted);
        }
        else
        {
            await WaitOutAsync(s_limit);
            await WaitOutAsync(TimeSpan.FromSeconds(3));
            await WaitOutAsync(TimeSpan.FromSeconds(1));
            await FailedAsync(flock, session, asked);
        }

        Assert.IsType<TurnCompleted>(await flock.TurnAsync(session, "echo on"));
        Assert.Equal("You said: on", await flock.LastAsync(session));
        Assert.False(Directory.Exists($"/proc/{flock.Starts[0]}"));
    }

    private Task<Flock> StartAsync(TimeSpan? inCall = null) =>
        Flock.StartAsync(change: o => o with { Time = _clock, Silence = new SilenceLimits(s_limit, inCall ?? Timeout.InfiniteTimeSpan), HoldWithin = TimeSpan.Zero });

    private static async Task<long> PromptAsync(Flock flock, SessionId session, string prompt) =>
        (await flock.Kernel.Sessions.PromptAsync(session, new PromptRequest(prompt), Kernel.User, Cancellation)).Seq;

    // The clock is set on only once somebody waits for it.
    private async Task WaitOutAsync(TimeSpan time)
    {
        await _clock.WhenWaitedForExactlyAsync(time, Cancellation);
        _clock.Advance(time);
    }

    private static async Task FailedAsync(Flock flock, SessionId session, long asked, string message = Message)
    {
        var failed = (TurnFailed)(await flock.Kernel.EventAsync(session, asked, e => e.Body is TurnFailed or TurnCompleted or TurnInterrupted)).Body;
        Assert.Equal((FailureKind.Internal, "goose", message), (failed.Kind, failed.Provider, failed.Message));
    }
}
