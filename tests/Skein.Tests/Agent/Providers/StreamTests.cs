using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What models say, through the real clients of every provider.</summary>
public sealed class StreamTests
{
    [Theory, InlineData("openai"), InlineData("anthropic"), InlineData("responses")]
    public async Task Text_arrives_piece_by_piece_and_becomes_one_part(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Hel", "lo ", "wörld 🧶")) { Tokens = new(100, 7, 3, 40) });

        var turn = await wire.RunAsync();

        Assert.Equal(["Hel", "lo ", "wörld 🧶"], turn.Deltas.Select(d => d.Text));
        Assert.Equal([new TextPart("Hello wörld 🧶")], turn.LastParts);
        Assert.Equal(
            (MessageStatus.Completed, StopReason.End, new Usage(100, 7, 3, 40), wire.Model),
            (turn.Last.Status, turn.Last.Stop, turn.Last.Usage, turn.Last.Model));
        Assert.Equal(2, turn.Events.OfType<MessageAdded>().Single().N);
    }

    [Theory, InlineData("openai"), InlineData("anthropic"), InlineData("responses")]
    public async Task Calls_made_at_once_keep_their_order_and_show_their_arguments_as_they_arrive(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(
            new StreamedAnswer(new Said("I look."), new Called("a", "look", """{"pa""", """th":"x"}"""), new Called("b", "look", """{"path":"y"}""")),
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", (arguments, _) => Task.FromResult(new Skein.Agent.Tools.ToolOutput("saw " + arguments.GetProperty("path")))));

        var first = turn.Messages[1];
        Assert.Equal(
            ["text I look.", """call a look {"path":"x"}""", """call b look {"path":"y"}""", "result a saw x", "result b saw y"],
            first.Parts.Select(p => Show(p.Content)));
        Assert.Equal(StopReason.ToolUse, first.Stop);
        Assert.Equal("""{"path":"x"}""", string.Concat(turn.Deltas.Where(d => d is { Kind: StreamKind.ToolCall, CallId: "a", Tool: "look" }).Select(d => d.Text)));
        Assert.Equal("Done.", turn.Last.Text);
        Assert.All(turn.Deltas, d => Assert.Contains(turn.Events.OfType<PartAdded>(), p => p.Part == d.Part));
    }

    [Theory, InlineData("openai"), InlineData("anthropic")]
    public async Task The_model_is_sent_the_conversation_the_tools_and_the_results(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(
            new StreamedAnswer(new Called("a", "look", """{"path":"x"}"""), new Called("b", "missing", "{}")),
            new StreamedAnswer(new Said("Done.")));

        await wire.RunAsync(new FuncTool("look", "saw it"));

        var headers = wire.Server.Requests[0].Headers;
        Assert.Equal(Wire.Key, provider == "openai" ? headers["Authorization"]["Bearer ".Length..] : headers["x-api-key"]);
        var second = wire.Server.Requests[1].Body;
        Assert.Equal("any", second.GetProperty("model").GetString());
        Assert.True(second.GetProperty("stream").GetBoolean());
        var messages = second.GetProperty("messages").EnumerateArray().ToList();
        var tool = second.GetProperty("tools")[0];
        if (provider == "openai")
        {
            Assert.True(second.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
            Assert.Equal(["system", "user", "assistant", "tool", "tool"], messages.Select(m => m.GetProperty("role").GetString()));
            Assert.StartsWith("You are Skein", messages[0].GetProperty("content").GetString());
            Assert.Equal("""{"path":"x"}""", messages[2].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
            Assert.Equal(("a", "saw it"), (messages[3].GetProperty("tool_call_id").GetString(), messages[3].GetProperty("content").GetString()));
            Assert.Equal("Does look.", tool.GetProperty("function").GetProperty("description").GetString());
            Assert.Equal("object", tool.GetProperty("function").GetProperty("parameters").GetProperty("type").GetString());
        }
        else
        {
            var system = second.GetProperty("system")[0];
            Assert.StartsWith("You are Skein", system.GetProperty("text").GetString());
            Assert.Equal("ephemeral", system.GetProperty("cache_control").GetProperty("type").GetString());
            Assert.Equal(["user", "assistant", "user"], messages.Select(m => m.GetProperty("role").GetString()));
            Assert.Equal("""{"type":"tool_use","id":"a","name":"look","input":{"path":"x"}}""", Sorted(messages[1].GetProperty("content")[0], "type", "id", "name", "input"));
            Assert.Equal(("a", "saw it", false), Result(messages[2].GetProperty("content")[0]));
            Assert.Equal(("b", "There is no tool 'missing'. Tools: look.", true), Result(messages[2].GetProperty("content")[1]));
            Assert.Equal("ephemeral", messages[2].GetProperty("content")[1].GetProperty("cache_control").GetProperty("type").GetString());
            Assert.Equal(("look", "Does look."), (tool.GetProperty("name").GetString(), tool.GetProperty("description").GetString()));
            Assert.Equal("path", tool.GetProperty("input_schema").GetProperty("required")[0].GetString());
        }

        static (string?, string?, bool) Result(System.Text.Json.JsonElement block) => (
            block.GetProperty("tool_use_id").GetString(), block.GetProperty("content").GetString(), block.TryGetProperty("is_error", out var error) && error.GetBoolean());

        static string Sorted(System.Text.Json.JsonElement block, params string[] names) =>
            "{" + string.Join(",", names.Select(n => $"\"{n}\":{block.GetProperty(n).GetRawText()}")) + "}";
    }

    [Fact]
    public async Task Anthropic_is_sent_its_thoughts_back_with_their_proof()
    {
        await using var wire = await Wire.StartAsync("anthropic");
        wire.Server.Enqueue(
            new StreamedAnswer(new Thought("Hm.", "proof-1"), new HiddenThought("sealed"), new Said("I look."), new Called("a", "look", "{}")) { Tokens = new(10, 5, 4, 2, 6) },
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        var first = turn.Messages[1];
        Assert.Equal([new ReasoningPart("Hm.", "proof-1"), new ReasoningPart("", "redacted_thinking:sealed"), new TextPart("I look.")], first.Parts.Take(3).Select(p => p.Content));
        Assert.Equal(new Usage(10, 5, 4, 2, 6), first.Usage);
        Assert.Equal([(StreamKind.Reasoning, "Hm.")], turn.Deltas.Where(d => d.Kind == StreamKind.Reasoning).Select(d => (d.Kind, d.Text)));
        var sent = wire.Server.Requests[1].Body.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal(("thinking", "Hm.", "proof-1"), (sent[0].GetProperty("type").GetString(), sent[0].GetProperty("thinking").GetString(), sent[0].GetProperty("signature").GetString()));
        Assert.Equal(("redacted_thinking", "sealed"), (sent[1].GetProperty("type").GetString(), sent[1].GetProperty("data").GetString()));
    }

    [Fact]
    public async Task Reasoning_of_servers_that_speak_the_format_of_OpenAI_is_kept_apart()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Thought("Hm."), new Said("Yes.")));

        var turn = await wire.RunAsync();

        Assert.Equal([new ReasoningPart("Hm."), new TextPart("Yes.")], turn.LastParts);
    }

    [Fact]
    public async Task Odd_words_of_compatible_servers_do_no_harm()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(
            new Raw(": keep-alive\n\n"),
            new Raw("""data: {"choices":[{"delta":{"role":"","content":null,"tool_calls":null},"finish_reason":""}],"usage":null}""" + "\n\n"),
            new Raw("""data: {"choices":[{"delta":{"tool_calls":[{"id":"","function":{"name":"look","arguments":{"path":"x"}}}]}}]}""" + "\n\n"),
            new Raw("""data: {"choices":[{"delta":{"tool_calls":[{"id":"","function":{"name":"look","arguments":"{}"}}]}}]}""" + "\n\n")) { Finish = "eos" });
        wire.Server.Enqueue(new StreamedAnswer(new Said("Done.")) { Finish = "length" });

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        Assert.Equal(
            ["""call call_0 look {"path":"x"}""", "call call_1 look {}", "result call_0 saw it", "result call_1 saw it"],
            turn.Messages[1].Parts.Select(p => Show(p.Content)));
        Assert.Equal((StopReason.ToolUse, StopReason.Length), (turn.Messages[1].Stop, turn.Last.Stop));
    }

    [Theory, InlineData("openai", "content_filter"), InlineData("anthropic", "refusal"), InlineData("responses", "content_filter")]
    public async Task A_refusal_is_a_stop_of_its_own(string provider, string word)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("No.")) { Finish = word });

        var turn = await wire.RunAsync();

        Assert.Equal(StopReason.Refused, turn.Last.Stop);
    }

    [Theory, InlineData("openai"), InlineData("anthropic"), InlineData("responses")]
    public async Task Arguments_that_are_not_JSON_are_kept_and_the_model_is_told(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Called("a", "look", """{"path": """)), new StreamedAnswer(new Said("Sorry.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        Assert.Equal("""{"path": """, Assert.IsType<ToolCallPart>(turn.Messages[1].Parts[0].Content).Arguments.GetString());
        Assert.True(Assert.IsType<ToolResultPart>(turn.Messages[1].Parts[1].Content).IsError);
        Assert.Equal("Sorry.", turn.Last.Text);
        Assert.Contains("malformed_arguments", wire.Server.Requests[1].Body.GetRawText());
    }

    [Theory, InlineData("openai"), InlineData("anthropic")]
    public async Task Images_are_shown_and_texts_are_quoted(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("A cat.")));
        var store = wire.Turn();
        var image = await store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", TestContext.Current.CancellationToken);
        var note = await store.PutBlobAsync(new MemoryStream("Meow"u8.ToArray()), "text/plain", TestContext.Current.CancellationToken);
        var prompt = Sample.User(new TextPart("What is it?"), new FilePart("image/png", "cat.png", image), new FilePart("text/plain", "n.txt", note));
        var turn = new FakeTurn(store.Session, [prompt], blobs: store);

        await wire.RunAsync(turn);

        var messages = wire.Server.Requests[0].Body.GetProperty("messages");
        var content = messages[messages.GetArrayLength() - 1].GetProperty("content");
        Assert.Contains("AQID", content[1].GetRawText());
        Assert.Equal("<file name=\"n.txt\">\nMeow\n</file>", content[2].GetProperty("text").GetString());
    }

    private static string Show(Part part) => part switch
    {
        TextPart text => $"text {text.Text}",
        ToolCallPart call => $"call {call.CallId} {call.Tool} {call.Arguments.GetRawText()}",
        ToolResultPart result => $"result {result.CallId} {result.Output}",
        _ => part.ToString(),
    };
}
