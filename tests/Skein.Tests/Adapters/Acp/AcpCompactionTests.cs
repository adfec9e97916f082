using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Acp;

/// <summary>An agent that speaks ACP is told to compact by a command that it offers, or it is said why it cannot be.</summary>
public sealed class AcpCompactionTests
{
    [Fact]
    public async Task A_command_that_it_offers_compacts_what_its_own_session_holds_also_right_after_a_restart()
    {
        await using var flock = await Flock.StartAsync("compacting");
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo remember the pond");

        Assert.IsType<TurnCompleted>(await CompactAsync(flock, session, "the pond"));
        var own = (await flock.Kernel.GetAsync(session)).AgentSession;
        Assert.Contains("\"prompts\":[\"summary the pond\"]", await File.ReadAllTextAsync(Path.Combine(flock.Own, own + ".json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await flock.Kernel.RestartAsync();
        Assert.IsType<TurnCompleted>(await CompactAsync(flock, session, null));

        Assert.Equal([new AgentCompacted("goose", "manual"), new AgentCompacted("goose", "manual")], await flock.EventsAsync<AgentCompacted>(session));
        Assert.Equal(["echo remember the pond", "You said: remember the pond"], (await flock.Kernel.TextsAsync(session)).Where(t => t.Length > 0));
    }

    [Theory]
    [InlineData("sound", "goose cannot be told to compact its context: none of the commands that it offers does that (fly).")]
    [InlineData("silent", "goose cannot be told to compact its context: it offers no commands.")]
    public async Task One_that_offers_no_such_command_is_told_nothing_and_goes_on(string how, string message)
    {
        await using var flock = await Flock.StartAsync(how, o => o with { OfferWithin = TimeSpan.FromMilliseconds(300) });
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo one");

        var failed = Assert.IsType<TurnFailed>(await CompactAsync(flock, session, null));
        await flock.TurnAsync(session, "state");

        Assert.Equal((FailureKind.BadRequest, message), (failed.Kind, failed.Message));
        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Single(flock.Starts);
    }

    [Fact]
    public async Task What_came_into_its_session_before_it_compacts_it_is_told_with_the_prompt_after()
    {
        await using var flock = await Flock.StartAsync("compacting");
        var session = await flock.NewSessionAsync();
        await flock.TurnAsync(session, "echo one");
        await flock.Kernel.Sessions.AddMessageAsync(session, new NewMessage(Role.User, [new TextPart("The gate is open.")]), Kernel.User, TestContext.Current.CancellationToken);

        await CompactAsync(flock, session, null);
        await flock.TurnAsync(session, "echo two");

        var own = (await flock.Kernel.GetAsync(session)).AgentSession;
        Assert.Contains("The gate is open.", await File.ReadAllTextAsync(Path.Combine(flock.Own, own + ".json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_has_no_session_of_its_own_yet_is_not_started()
    {
        await using var flock = await Flock.StartAsync("compacting");

        var failed = Assert.IsType<TurnFailed>(await CompactAsync(flock, await flock.NewSessionAsync(), null));

        Assert.Equal("goose has no session of its own here yet, so that there is nothing to compact: the next prompt begins one.", failed.Message);
        Assert.Empty(flock.Starts);
    }

    private static async Task<EventBody> CompactAsync(Flock flock, SessionId session, string? keep)
    {
        var accepted = await flock.Kernel.Sessions.CompactAsync(session, new CompactRequest(keep), Kernel.User, TestContext.Current.CancellationToken);
        return (await flock.Kernel.EventAsync(session, accepted.Seq, e => e.Body is TurnCompleted or TurnFailed or TurnInterrupted)).Body;
    }
}
