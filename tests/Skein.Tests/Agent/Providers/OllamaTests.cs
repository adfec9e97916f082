using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What is Ollama's own.</summary>
public sealed class OllamaTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_told_how_much_to_hold_and_sent_thoughts_calls_and_results_in_its_own_words()
    {
        await using var wire = await Wire.StartAsync("ollama", models: new Dictionary<string, ModelFacts> { ["any"] = new(Context: 9_000) });
        wire.Server.Enqueue(
            new StreamedAnswer(new Thought("Hm."), new Said("I ", "look."), new Called("a", "look", """{"path":"x"}"""), new Called("", "missing")) { Tokens = new(100, 7) },
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        var first = turn.Messages[1];
        Assert.Equal([new ReasoningPart("Hm."), new TextPart("I look.")], first.Parts.Take(2).Select(p => p.Content));
        Assert.Equal((StopReason.ToolUse, new Usage(100, 7, 0, 0, 0), "Done."), (first.Stop, first.Usage, turn.Last.Text));
        var body = wire.Server.Requests[1].Body;
        Assert.Equal(9_000, body.GetProperty("options").GetProperty("num_ctx").GetInt32());
        Assert.False(body.GetProperty("truncate").GetBoolean());
        Assert.Equal("look", body.GetProperty("tools")[0].GetProperty("function").GetProperty("name").GetString());
        Assert.Equal(
            [
                """{"role":"user","content":"Go."}""",
                """{"role":"assistant","content":"I look.","thinking":"Hm.","tool_calls":[{"id":"a","function":{"name":"look","arguments":{"path":"x"}}},{"id":"call_1","function":{"name":"missing","arguments":{}}}]}""",
                """{"role":"tool","tool_call_id":"a","tool_name":"look","content":"saw it"}""",
                """{"role":"tool","tool_call_id":"call_1","tool_name":"missing","content":"There is no tool 'missing'. Tools: look."}""",
            ],
            body.GetProperty("messages").EnumerateArray().Skip(1).Select(m => m.GetRawText()));
    }

    [Theory]
    [InlineData("gemma4:e4b", 32_768)]
    [InlineData("never-heard-of", 32_768)]
    public async Task Where_nothing_is_said_it_holds_enough_for_an_agent_and_that_is_what_is_reckoned_with(string model, int context)
    {
        await using var wire = await Wire.StartAsync("ollama");
        wire.Server.Enqueue(new StreamedAnswer(new Said("Yes.")));

        await wire.RunAsync(new FakeTurn(Sample.Session($"ollama/{model}"), [Sample.User("Go.")]));

        Assert.Equal(context, wire.Server.Requests[0].Body.GetProperty("options").GetProperty("num_ctx").GetInt32());
        Assert.Equal((context, new Price(0, 0)), (wire.Models.FactsOf($"ollama/{model}").Context, wire.Models.FactsOf($"ollama/{model}").Price));
    }

    [Fact]
    public async Task Images_are_sent_beside_the_text()
    {
        await using var wire = await Wire.StartAsync("ollama");
        wire.Server.Enqueue(new StreamedAnswer(new Said("A cat.")));
        var store = wire.Turn();
        var image = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);

        await wire.RunAsync(new FakeTurn(store.Session, [Sample.User(new TextPart("What is it?"), new FilePart("image/png", "cat.png", image))], blobs: store));

        Assert.Equal("""{"role":"user","content":"What is it?","images":["AQID"]}""", wire.Server.Requests[0].Body.GetProperty("messages")[1].GetRawText());
    }

    [Theory]
    [InlineData(404, """{"error":"model 'any' not found"}""", FailureKind.BadRequest)]
    [InlineData(400, """{"error":"the input length exceeds the context length"}""", FailureKind.Overflow)]
    [InlineData(500, """{"error":"llama runner process has terminated"}""", FailureKind.Overload)]
    public async Task Its_refusals_have_their_kinds(int status, string body, FailureKind kind)
    {
        await using var wire = await Wire.StartAsync("ollama");
        wire.Server.Otherwise = _ => new RefusedAnswer(status, body);

        Assert.Equal(kind, (await wire.RunAsync()).Failure!.Kind);
    }

    [Fact]
    public async Task An_error_in_the_stream_is_tried_again_and_its_text_is_not_kept()
    {
        await using var wire = await Wire.StartAsync("ollama");
        wire.Server.Enqueue(new StreamedAnswer(new Said("So "), new Raw("""{"error":"an error was encountered while running the model"}""" + "\n"), new Ended()), new StreamedAnswer(new Said("Well.")));

        var turn = await wire.RunAsync();

        Assert.Equal([new TextPart("Well.")], turn.LastParts);
        Assert.Single(turn.Events.OfType<ModelRetried>());
    }

    [Fact]
    public async Task A_limit_of_the_answer_that_was_reached_is_told()
    {
        await using var wire = await Wire.StartAsync("ollama");
        wire.Server.Enqueue(new StreamedAnswer(new Said("So ")) { Finish = "length" });

        Assert.Equal(StopReason.Length, (await wire.RunAsync()).Last.Stop);
    }

    [Theory]
    [InlineData("ollama", "any:latest")]
    [InlineData("anthropic", "any")]
    [InlineData("openai", "any")]
    public async Task Every_kind_of_provider_says_which_models_it_has(string provider, string model)
    {
        await using var wire = await Wire.StartAsync(provider);

        var list = await wire.Models.ListModelsAsync(provider, TimeSpan.FromSeconds(30), Cancellation);

        Assert.Null(list.Problem);
        Assert.Equal([model], list.Models);
    }
}
