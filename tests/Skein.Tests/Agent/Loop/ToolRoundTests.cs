using System.Collections.Concurrent;
using System.Text;
using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Loop;

/// <summary>How calls are carried out.</summary>
public sealed class ToolRoundTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reading_calls_of_a_step_run_side_by_side_and_their_results_keep_the_order()
    {
        // Each needs the other to have begun, and the first to end is the second.
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var one = new FuncTool("one", async (_, ct) =>
        {
            first.SetResult();
            await second.Task.WaitAsync(ct);
            return new ToolOutput("1");
        });
        var two = new FuncTool("two", async (_, ct) =>
        {
            await first.Task.WaitAsync(ct);
            second.SetResult();
            return new ToolOutput("2");
        });

        var turn = await new Looped(Looped.Call("one", "two"), Looped.Say("Done.")) { Tools = [one, two] }.RunAsync();

        Assert.Equal([("call_1_1", "1"), ("call_1_2", "2")], Results(turn));
        Assert.Equal(["call_1_1", "call_1_2"], turn.Events.OfType<ToolStarted>().Select(t => t.CallId));
        Assert.Equal(["call_1_1", "call_1_2"], turn.Events.OfType<ToolFinished>().Select(t => t.CallId));
    }

    [Fact]
    public async Task Calls_that_change_something_run_alone_and_in_their_place()
    {
        var log = new ConcurrentQueue<string>();
        FuncTool Tool(string name, ToolEffect effect) => new(name, async (_, _) =>
        {
            log.Enqueue(name + " begins");
            await Task.Yield();
            log.Enqueue(name + " ends");
            return new ToolOutput(name);
        }, effect);

        var turn = await new Looped(Looped.Call("edit", "run", "read", "edit"), Looped.Say("Done."))
        {
            Tools = [Tool("edit", ToolEffect.Edit), Tool("run", ToolEffect.Execute), Tool("read", ToolEffect.Read)],
        }.RunAsync();

        Assert.Equal(
            ["edit begins", "edit ends", "run begins", "run ends", "read begins", "read ends", "edit begins", "edit ends"], log);
        Assert.Equal(["edit", "run", "read", "edit"], Results(turn).Select(r => r.Output));
    }

    [Fact]
    public async Task A_call_is_announced_before_it_is_carried_out()
    {
        var announced = false;
        var tool = new FuncTool("edit", (_, _) => Task.FromResult(new ToolOutput(announced ? "announced" : "in secret")), ToolEffect.Edit);

        var turn = await TurnRecord.RunAsync(
            new Looped(Looped.Call("edit"), Looped.Say("Done.")) { Tools = [tool] }.Agent,
            Looped.Turn(Sample.User("Go.")),
            output => announced |= output is AgentEvents { Bodies: [ToolStarted { Tool: "edit", Title: "edit it" }] });

        Assert.Equal("announced", Results(turn).Single().Output);
    }

    [Fact]
    public async Task Whatever_goes_wrong_with_a_call_becomes_an_error_the_model_can_read()
    {
        var rule = new FuncTool("rule", (_, _) => throw new ToolInputException("Give a path."));
        var crash = new FuncTool("crash", (_, _) => throw new InvalidOperationException("Boom."));
        var late = new FuncTool("late", (_, _) => throw new OperationCanceledException("Its own limit."));
        var script = new ScriptStep(
            new ScriptCall("fly", Sample.Json("{}")), new ScriptCall("rule", Sample.Json("{}")), new ScriptCall("crash", Sample.Json("{}")),
            new ScriptCall("late", Sample.Json("{}")), new ScriptCall("rule", Sample.Json("\"{oops\"")), new ScriptCall("rule", Sample.Json("[1]")));

        var turn = await new Looped(script, Looped.Say("Done.")) { Tools = [rule, crash, late] }.RunAsync();

        string[] said = [.. Results(turn).Select(r => r.Output)];
        Assert.Equal(["There is no tool 'fly'. Tools: rule, crash, late.", "Give a path.", "The tool crash failed: Boom.", "The tool late failed: Its own limit."], said[..4]);
        Assert.StartsWith("The arguments of rule are not a JSON object: 'o' is an invalid start of a property name.", said[4], StringComparison.Ordinal);
        Assert.Equal("The arguments of rule are not a JSON object: they are of the kind Array. Call it again with one that fits its schema.", said[5]);
        Assert.All(turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>(), r => Assert.True(r.IsError));
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Fact]
    public async Task A_call_that_is_not_allowed_is_not_begun_and_the_model_reads_why()
    {
        var gate = Decide(_ => new ToolVerdict.Deny("Not in plan mode."));

        var turn = await new Looped(Looped.Call("edit"), Looped.Say("Done.")) { Tools = [Forbidden()], Gate = gate }.RunAsync();

        Assert.Equal([("call_1_1", "Not in plan mode.")], Results(turn));
        Assert.Empty(turn.Events.OfType<ToolStarted>());
    }

    [Fact]
    public async Task A_guard_that_fails_denies()
    {
        var gate = Decide(_ => throw new IOException("No rules."));

        var turn = await new Looped(Looped.Call("edit"), Looped.Say("Done.")) { Tools = [Forbidden()], Gate = gate }.RunAsync();

        Assert.Equal([("call_1_1", "The call of edit could not be checked: No rules.")], Results(turn));
    }

    [Theory]
    [InlineData(PermissionAnswer.Once, null, "did it", 0)]
    [InlineData(PermissionAnswer.Always, null, "did it", 1)]
    [InlineData(PermissionAnswer.No, null, "The user refused this call; it was not carried out.", 0)]
    [InlineData(PermissionAnswer.No, "Use the other file.", "The user refused this call; it was not carried out. They said: Use the other file.", 0)]
    public async Task Somebody_is_asked_and_the_answer_holds(PermissionAnswer answer, string? message, string output, int remembered)
    {
        var memory = new List<(string, string)>();
        var gate = new ToolGate(
            (_, _, _, _) => ValueTask.FromResult<ToolVerdict>(new ToolVerdict.Ask("src/**")),
            (_, tool, pattern, _) =>
            {
                memory.Add((tool, pattern));
                return ValueTask.CompletedTask;
            });
        var fake = new FakeTurn(Sample.Session(Looped.Model), [Sample.User("Go.")])
        {
            Answer = (question, _) => Task.FromResult(new PermissionAnswered(question.Permission, answer, message)),
        };

        var turn = await new Looped(Looped.Call("edit"), Looped.Say("Done.")) { Tools = [new FuncTool("edit", "did it", ToolEffect.Edit)], Gate = gate }.RunAsync(fake);

        var asked = Assert.Single(fake.Asked);
        Assert.Equal(
            (fake.Id, "call_1_1", "edit", "edit it", "in detail", "src/**"),
            (asked.Turn, asked.CallId, asked.Tool, asked.Title, asked.Detail, asked.Pattern));
        Assert.Equal(output, Results(turn).Single().Output);
        Assert.Equal(Enumerable.Repeat(("edit", "src/**"), remembered), memory);
        Assert.Equal(answer == PermissionAnswer.No ? 0 : 1, turn.Events.OfType<ToolStarted>().Count());
    }

    [Fact]
    public async Task What_a_turn_may_not_use_is_neither_offered_nor_run()
    {
        var fake = new FakeTurn(Sample.Session(Looped.Model), [Sample.User("Go.")]) { Tools = ["read"] };

        var turn = await new Looped(Looped.Call("edit"), Looped.Say("Done.")) { Tools = [Forbidden(), new FuncTool("read", "text")] }.RunAsync(fake);

        Assert.Equal([("call_1_1", "There is no tool 'edit'. Tools: read.")], Results(turn));
    }

    [Fact]
    public async Task The_model_is_shown_head_and_tail_of_a_long_output_and_the_whole_is_kept()
    {
        var whole = string.Join('\n', Enumerable.Range(1, 20_000).Select(i => $"line {i} 🧶"));
        var fake = Looped.Turn(Sample.User("Go."));

        var turn = await new Looped(Looped.Call("read"), Looped.Say("Done.")) { Tools = [new FuncTool("read", whole)] }.RunAsync(fake);

        var result = turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.InRange(result.Output.Length, 20_000, 30_200);
        Assert.StartsWith("line 1 🧶\nline 2", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("line 20000 🧶", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"🧶\n\n\[… [\d,]+ characters left out here; all of it, [\d,]+ bytes, can be read with the tool read, path output:[0-9a-f]{64} …\]\nline \d", result.Output);
        await using var blob = await fake.FindBlobAsync(result.Whole!.Sha256, Cancellation);
        Assert.Equal(whole, await new StreamReader(blob!).ReadToEndAsync(Cancellation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_long_line_is_not_cut_within_a_character(int offset)
    {
        var whole = new string('x', offset) + string.Concat(Enumerable.Repeat("🧶", 40_000));

        var turn = await new Looped(Looped.Call("read"), Looped.Say("Done.")) { Tools = [new FuncTool("read", whole)] }.RunAsync();

        var output = Results(turn).Single().Output;
        Assert.Equal(output, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(output)));
    }

    [Fact]
    public async Task An_output_too_big_for_memory_is_read_from_its_stream()
    {
        var fake = Looped.Turn(Sample.User("Go."));
        var stream = new MemoryStream("all of it"u8.ToArray());
        var tool = new FuncTool("read", (_, _) => Task.FromResult(new ToolOutput("some of it", Whole: stream, Metadata: Sample.Json("""{"exit":0}"""))));

        var turn = await new Looped(Looped.Call("read"), Looped.Say("Done.")) { Tools = [tool] }.RunAsync(fake);

        var result = turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Single();
        Assert.Equal(("some of it", 9), (result.Output, result.Whole!.Size));
        Assert.False(stream.CanRead);
        Assert.Equal(0, turn.Events.OfType<ToolFinished>().Single().Metadata!.Value.GetProperty("exit").GetInt32());
    }

    [Fact]
    public async Task An_interrupt_stops_every_call_and_the_turn_ends_when_they_have()
    {
        using var interrupt = new CancellationTokenSource();
        var running = new CountdownEvent(2);
        var ended = 0;
        FuncTool Tool(string name) => new(name, async (_, ct) =>
        {
            try
            {
                running.Signal();
                await Task.Delay(Timeout.Infinite, ct);
                return new ToolOutput("never");
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        });
        var agent = new Looped(Looped.Call("one", "two"), Looped.Say("Done.")) { Tools = [Tool("one"), Tool("two")] }.Agent;

        var turn = Task.Run(async () => await agent.RunTurnAsync(Looped.Turn(Sample.User("Go.")), interrupt.Token).CountAsync(Cancellation), Cancellation);
        running.Wait(Cancellation);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn.WaitAsync(Cancellation));
        Assert.Equal(2, ended);
    }

    private static FuncTool Forbidden() => new("edit", (_, _) => throw new InvalidOperationException("It was carried out."), ToolEffect.Edit);

    private static ToolGate Decide(Func<ToolIntent, ToolVerdict> decide) =>
        new((_, _, intent, _) => ValueTask.FromResult(decide(intent)), (_, _, _, _) => ValueTask.CompletedTask);

    private static IEnumerable<(string Call, string Output)> Results(TurnRecord turn) =>
        turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().Select(r => (r.CallId, r.Output));
}
