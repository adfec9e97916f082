using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Models that are none.</summary>
public sealed class ScriptTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_script_in_a_file_is_played_from_where_the_conversation_is()
    {
        using var folder = new TempFolder();
        var path = folder.Write("script.json", """
            {
              // What a person writes by hand may have comments.
              "steps": [
                { "parts": [{ "type": "text", "text": "One." }] },
                { "parts": [{ "text": "Two.", "type": "text", "chunk": 2 }, { "type": "call", "tool": "read", "arguments": { "path": "x" } }] },
                { "parts": [], "error": { "kind": "overload", "message": "Too much." } },
              ]
            }
            """);
        using var models = new ModelCatalog([], _ => null, new Dictionary<string, Script>(), TimeProvider.System);
        var agent = new SkeinAgent(models, new Toolbox([new FuncTool("read", "text")], Sample.Open), Sample.AtOnce, TimeProvider.System);
        var session = Sample.Session("scripted/" + path);

        var turn = await TurnRecord.RunAsync(agent, new FakeTurn(session, [Sample.User("Go."), Sample.Assistant(session.Model, new TextPart("One.")), Sample.User("On.")]));

        Assert.Null(models.CheckModel(session.Model));
        Assert.Equal(["Tw", "o."], turn.Deltas.Take(2).Select(d => d.Text));
        Assert.Equal([new TextPart("Two."), "call_2_1", new ToolResultPart("call_2_1", "text")], turn.Messages[3].Parts.Select(p => p.Content is ToolCallPart c ? c.CallId : (object)p.Content));
        Assert.Equal(new TurnFailure(FailureKind.Overload, "scripted", "Too much."), turn.Failure);
    }

    [Fact]
    public async Task Pieces_come_at_the_pace_of_the_script()
    {
        var clock = new ManualClock();
        var script = new Script([new ScriptStep(new ScriptText("a🧶b", Chunk: 2, DelayMs: 250))]);
        using var models = new ModelCatalog([], _ => null, new Dictionary<string, Script> { ["slow"] = script }, clock);
        var agent = new SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, clock);
        await using var outputs = agent.RunTurnAsync(new FakeTurn(Sample.Session("scripted/slow"), [Sample.User("Go.")]), Cancellation).GetAsyncEnumerator(Cancellation);
        await outputs.MoveNextAsync();

        var first = outputs.MoveNextAsync().AsTask();
        Assert.False(first.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(250));

        Assert.True(await first);
        Assert.Equal("a🧶", Assert.IsType<AgentDelta>(outputs.Current).Text);
    }

    [Fact]
    public async Task A_script_that_has_ended_says_so()
    {
        var turn = await RunAsync(new Script([]));

        Assert.Equal(new TurnFailure(FailureKind.BadRequest, "scripted", "The script test has 0 steps; this is call 1."), turn.Failure);
    }

    [Theory]
    [InlineData("{", "is not a script")]
    [InlineData("null", "is null")]
    [InlineData("{}", "is not a script")]
    [InlineData("""{"steps":[{"parts":[{"type":"dance"}]}]}""", "is not a script")]
    [InlineData("""{"steps":[{"parts":[{"type":"text","txt":"x"}]}]}""", "is not a script")]
    [InlineData("""{"steps":[{"parts":[],"error":{"kind":"laziness","message":"x"}}]}""", "is not a script")]
    public void A_file_that_is_no_script_is_named(string text, string problem)
    {
        using var folder = new TempFolder();
        var path = folder.Write("script.json", text);
        using var models = new ModelCatalog([], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

        var answer = models.CheckModel("scripted/" + path);

        Assert.Contains(problem, answer);
        Assert.Contains(path, answer);
    }

    private static Task<TurnRecord> RunAsync(Script script)
    {
        var models = new ModelCatalog([], _ => null, new Dictionary<string, Script> { ["test"] = script }, TimeProvider.System);
        return TurnRecord.RunAsync(
            new SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, TimeProvider.System), new FakeTurn(Sample.Session("scripted/test"), [Sample.User("Go.")]));
    }
}
