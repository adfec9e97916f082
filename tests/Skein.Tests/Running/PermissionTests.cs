using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class PermissionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_makes_the_session_wait_and_any_client_may_answer()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Asks));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await kernel.EventAsync<PermissionAsked>(session)).Body;
        var waiting = await kernel.GetAsync(session);

        await kernel.Sessions.AnswerAsync(session, asked.Permission, new PermissionReply(PermissionAnswer.No, "not today"), new Cause("other"), Cancellation);

        await kernel.EventAsync<TurnCompleted>(session);
        Assert.Equal((SessionStatus.Waiting, asked), (waiting.Status, Assert.Single(waiting.Questions)));
        Assert.Equal("No: not today", Result(await kernel.MessagesAsync(session)).Output);
        Assert.Empty((await kernel.GetAsync(session)).Questions);
        await Assert.ThrowsAsync<NotInSessionException>(
            () => kernel.Sessions.AnswerAsync(session, asked.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_question_stays_open_across_a_restart_and_its_turn_goes_on_when_it_is_answered(bool crash)
    {
        await using var first = await Kernel.StartAsync(ScriptedAgent.Kind(Asks));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await first.EventAsync<PermissionAsked>(session)).Body;

        await using var copy = crash ? await first.CrashAsync() : null;
        if (!crash)
            await first.RestartAsync();
        var kernel = copy ?? first;
        var waiting = await kernel.GetAsync(session);
        await kernel.Sessions.AnswerAsync(session, asked.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        await kernel.EventAsync<TurnCompleted>(session);

        Assert.Equal((SessionStatus.Waiting, 1), (waiting.Status, waiting.Questions.Count));
        Assert.Equal("Once: ", Result(await kernel.MessagesAsync(session)).Output);
        Assert.Single((await kernel.LogAsync(session)).Select(e => e.Body).OfType<PermissionAsked>());
        Assert.DoesNotContain((await kernel.LogAsync(session)).Select(e => e.Body), b => b is TurnInterrupted);
    }

    [Fact]
    public async Task A_driven_agents_question_expires_when_the_server_dies()
    {
        await using var first = await Kernel.StartAsync(ScriptedAgent.Kind(Asks, resumes: false));
        var session = await first.NewSessionAsync();
        await first.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        await first.EventAsync<PermissionAsked>(session);

        await using var kernel = await first.CrashAsync();

        var row = await kernel.GetAsync(session);
        Assert.Equal((SessionStatus.Interrupted, 0), (row.Status, row.Questions.Count));
        Assert.True(Assert.Single((await kernel.LogAsync(session)).Select(e => e.Body).OfType<PermissionAnswered>()).Expired);
    }

    [Fact]
    public async Task Interrupting_a_turn_that_waits_for_an_answer_expires_the_question_also_after_a_restart()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind(Asks));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        await kernel.EventAsync<PermissionAsked>(session);
        await kernel.RestartAsync();

        var outcome = await kernel.Sessions.InterruptAsync(session, Kernel.User, Cancellation);

        Assert.True(outcome.Interrupted);
        var row = await kernel.GetAsync(session);
        Assert.Equal((SessionStatus.Interrupted, 0), (row.Status, row.Questions.Count));
        Assert.True(Result(await kernel.MessagesAsync(session)).IsError);
    }

    private static ToolResultPart Result(IReadOnlyList<Message> messages) =>
        Assert.Single(messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>());

    // Keeps to the contract of a turn that goes on: a call without a result is done before the model is asked again.
    private static async IAsyncEnumerable<AgentOutput> Asks(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        MessageId message;
        if (turn.Messages[^1] is { Role: Role.Assistant } open)
            message = open.Id;
        else
        {
            message = turn.Ids.Next<MessageId>();
            yield return ScriptedAgent.Begin(message);
            yield return new AgentEvents(
            [
                new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonElement.Parse("""{"command":"rm x"}"""))),
                new MessageCompleted(message, StopReason.ToolUse),
            ]);
        }

        var answer = await turn.AskAsync(new PermissionAsked(turn.Ids.Next<PermissionId>(), turn.Id, "c1", "bash", "rm x"), cancellationToken);
        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart("c1", $"{answer.Answer}: {answer.Message}"));
    }
}
