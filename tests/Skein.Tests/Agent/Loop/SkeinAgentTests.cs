using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Loop;

/// <summary>A turn from its prompt to its end.</summary>
public sealed class SkeinAgentTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_is_a_message_for_every_call_of_the_model_until_it_calls_no_tool()
    {
        var turn = await new Looped(
            new ScriptStep(new ScriptReasoning("Hm."), new ScriptText("First.", Chunk: 2), new ScriptCall("read", Sample.Json("{}")), new ScriptText("Then.")),
            Looped.Say("Done.")) { Tools = [new FuncTool("read", "text")] }.RunAsync();

        Assert.Equal([2, 3], turn.Events.OfType<MessageAdded>().Select(m => m.N));
        Assert.All(turn.Events.OfType<MessageAdded>(), m => Assert.Equal((Role.Assistant, MessageStatus.Pending, turn.Turn.Id, Looped.Model), (m.Role, m.Status, m.Turn!.Value, m.Model)));
        Assert.Equal(
            ["ReasoningPart", "TextPart", "ToolCallPart", "TextPart", "ToolResultPart"], turn.Messages[1].Parts.Select(p => p.Content.GetType().Name));
        Assert.Equal(["Fi", "rs", "t."], turn.Deltas.Skip(1).Take(3).Select(d => d.Text));
        Assert.Equal([StopReason.ToolUse, StopReason.End], turn.Messages.Skip(1).Select(m => m.Stop!.Value));
        Assert.Null(turn.Failure);
    }

    [Fact]
    public async Task The_results_are_appended_after_the_message_was_completed()
    {
        var turn = await new Looped(Looped.Call("read"), Looped.Say("Done.")) { Tools = [new FuncTool("read", "text")] }.RunAsync();

        Assert.Equal(
            ["MessageAdded", "PartAdded", "MessageCompleted", "ToolStarted", "ToolFinished", "PartAdded", "MessageAdded", "PartAdded", "MessageCompleted"],
            turn.Events.Select(e => e.GetType().Name));
    }

    [Fact]
    public async Task A_turn_that_goes_on_after_a_restart_first_carries_out_what_was_still_to_be_done()
    {
        var calls = Sample.Assistant(
            Looped.Model,
            new ToolCallPart("a", "edit", Sample.Json("{}")), new ToolCallPart("b", "edit", Sample.Json("{}")), new ToolCallPart("c", "edit", Sample.Json("{}")),
            new ToolResultPart("a", "done before"));
        var ran = 0;
        var tool = new FuncTool("edit", (_, _) => Task.FromResult(new ToolOutput($"done {++ran}")), ToolEffect.Edit);
        var gate = new ToolGate((_, _, _, _) => ValueTask.FromResult<ToolVerdict>(new ToolVerdict.Ask(null)), (_, _, _, _) => ValueTask.CompletedTask);
        var fake = new FakeTurn(Sample.Session(Looped.Model), [Sample.User("Go."), calls])
        {
            Answer = (q, _) => Task.FromResult(new PermissionAnswered(q.Permission, q.CallId == "b" ? PermissionAnswer.Once : PermissionAnswer.No)),
        };

        var turn = await new Looped(Looped.Say("(what was said before)"), Looped.Say("Done.")) { Tools = [tool], Gate = gate }.RunAsync(fake);

        Assert.Equal(["b", "c"], fake.Asked.Select(a => a.CallId));
        var resumed = turn.Messages[1];
        Assert.Equal(calls.Id, resumed.Id);
        Assert.Empty(resumed.UnansweredCalls);
        Assert.Equal(
            ["done before", "done 1", "The user refused this call; it was not carried out."],
            resumed.Parts.Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.Output));
        Assert.Equal((3, "Done."), (turn.Events.OfType<MessageAdded>().Single().N, turn.Last.Text));
    }

    [Fact]
    public async Task What_is_said_meanwhile_is_told_to_the_model_at_its_next_step()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Called("a", "read", "{}")), new StreamedAnswer(new Said("Done.")));
        var fake = wire.Turn(Sample.User("Go."));
        var tool = new FuncTool("read", (_, _) =>
        {
            fake.Steer(Sample.User("And hurry."));
            return Task.FromResult(new ToolOutput("text"));
        });

        var turn = await wire.RunAsync(fake, tool);

        var sent = wire.Server.Requests[1].Body.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(["system", "user", "assistant", "tool", "user"], sent.Select(m => m.GetProperty("role").GetString()));
        Assert.Equal("And hurry.", sent[^1].GetProperty("content").GetString());
        Assert.Equal([2, 4], turn.Events.OfType<MessageAdded>().Select(m => m.N));
    }

    [Fact]
    public async Task An_empty_answer_is_asked_for_once_more()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Thought("Hm.")) { Tokens = new(10, 1) }, new StreamedAnswer(new Said("Here.")) { Tokens = new(10, 2) });

        var turn = await wire.RunAsync();

        Assert.Equal([new TextPart("Here.")], turn.LastParts);
        Assert.Equal(new Usage(20, 3), turn.Last.Usage);
        Assert.Equal((1, 0L), turn.Events.OfType<ModelRetried>().Select(r => (r.Attempt, r.DelayMs)).Single());
    }

    [Fact]
    public async Task A_model_that_has_nothing_to_say_twice_ends_the_turn_well()
    {
        await using var wire = await Wire.StartAsync("anthropic");
        wire.Server.Enqueue(new StreamedAnswer(), new StreamedAnswer());

        var turn = await wire.RunAsync();

        Assert.Equal((MessageStatus.Completed, StopReason.End), (turn.Last.Status, turn.Last.Stop));
        Assert.Null(turn.Failure);
    }

    [Fact]
    public async Task A_model_that_turns_in_circles_is_stopped()
    {
        var circles = new ScriptStep[1000];
        Array.Fill(circles, Looped.Call("read"));

        var turn = await new Looped(circles) { Tools = [new FuncTool("read", "text")] }.RunAsync();

        Assert.Equal(1000, turn.Events.OfType<MessageCompleted>().Count());
        Assert.Equal(FailureKind.Limit, turn.Failure?.Kind);
        Assert.StartsWith("The turn was stopped after 1,000 calls of the model: max_steps is 1,000.", turn.Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody/x", FailureKind.BadRequest)]
    [InlineData("anthropic/x", FailureKind.Auth)]
    [InlineData(null, FailureKind.Auth)]
    public async Task A_model_that_cannot_be_used_is_a_failure_of_the_turn(string? model, FailureKind kind)
    {
        var turn = await new Looped().RunAsync(new FakeTurn(Sample.Session(model), [Sample.User("Go.")]));

        Assert.Equal(kind, turn.Failure?.Kind);
        Assert.Single(turn.Outputs);
    }

    [Fact]
    public async Task A_conversation_that_cannot_be_read_is_a_failure_of_the_turn()
    {
        var image = new FilePart("image/png", "a.png", new BlobRef(new string('0', 64), 9, "image/png"));
        var fake = new FakeTurn(Sample.Session(Looped.Model), [Sample.User(image)]) { Damage = new IOException("The disk is gone.") };

        var turn = await new Looped(Looped.Say("Never.")).RunAsync(fake);

        Assert.Equal([new TurnFailure(FailureKind.Internal, null, "The turn could not be prepared: The disk is gone.")], turn.Outputs);
    }

    [Fact]
    public async Task A_turn_that_was_interrupted_before_it_began_yields_nothing_more()
    {
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await new Looped(new ScriptStep(new ScriptText("Slow.", 1, 1000))).Agent.RunTurnAsync(Looped.Turn(Sample.User("Go.")), interrupt.Token).CountAsync(Cancellation));
    }
}
