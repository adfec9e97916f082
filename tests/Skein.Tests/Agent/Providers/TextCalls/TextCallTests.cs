using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers.TextCalls;

/// <summary>Models that call in their text, over the wire.</summary>
public sealed class TextCallTests
{
    private const string Call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>";

    private static readonly IReadOnlyDictionary<string, ModelFacts> s_prompted = new Dictionary<string, ModelFacts> { ["any"] = new(Tools: ToolCalling.Prompt) };

    [Theory]
    [InlineData("openai")]
    [InlineData("ollama")]
    [InlineData("anthropic")]
    [InlineData("responses")]
    public async Task A_model_without_calls_is_taught_to_write_them_and_works_as_any_other(string provider)
    {
        await using var wire = await Wire.StartAsync(provider, models: s_prompted);
        wire.Server.Enqueue(new StreamedAnswer(new Said("I'll look.\n\n<tool", Call[5..])), new StreamedAnswer(new Said("It says hello.")));

        var turn = await wire.RunAsync(new FuncTool("read", "hello"));

        Assert.Null(turn.Failure);
        var parts = turn.Messages[1].Parts.Select(p => p.Content).ToList();
        Assert.Equal("I'll look.", Assert.IsType<TextPart>(parts[0]).Text);
        Assert.Equal(("read", """{"path":"a.txt"}"""), Assert.IsType<ToolCallPart>(parts[1]) is var call ? (call.Tool, call.Arguments.GetRawText()) : default);
        Assert.Equal("hello", Assert.IsType<ToolResultPart>(parts[2]).Output);
        Assert.Equal((StopReason.ToolUse, "It says hello."), (turn.Messages[1].Stop, turn.Last.Text));
        Assert.DoesNotContain(turn.Deltas, d => d.Text.Contains("tool_call", StringComparison.Ordinal));

        var (first, second) = (wire.Server.Requests[0].Body, wire.Server.Requests[1].Body.GetRawText());
        Assert.False(first.TryGetProperty("tools", out _));
        Assert.Contains("How to call tools", first.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("Does read.", first.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("tool_response", second, StringComparison.Ordinal);
        Assert.Contains("hello", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", "any does not support tools")]
    [InlineData("ollama", "registry.ollama.ai/library/any does not support tools")]
    [InlineData("openai", "\\\"auto\\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set")]
    public async Task A_model_whose_server_refuses_tools_is_taught_at_once_and_from_then_on(string provider, string said)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(
            new RefusedAnswer(400, $$$"""{"error":{"message":"{{{said}}}"}}"""),
            new StreamedAnswer(new Said(Call)), new StreamedAnswer(new Said("Done.")), new StreamedAnswer(new Said("Again.")));

        var turn = await wire.RunAsync(new FuncTool("read", "hello"));
        var next = await wire.RunAsync(new FuncTool("read", "hello"));

        Assert.Equal(("Done.", "Again."), (turn.Last.Text, next.Last.Text));
        Assert.Contains("tool", Assert.Single(turn.Events.OfType<ModelRetried>()).Message, StringComparison.Ordinal);
        Assert.Equal([true, false, false, false], wire.Server.Requests.Select(r => r.Body.TryGetProperty("tools", out _)));
    }

    [Fact]
    public async Task A_model_of_which_it_is_said_that_it_has_tools_is_not_taught_when_they_are_refused()
    {
        await using var wire = await Wire.StartAsync("openai", models: new Dictionary<string, ModelFacts> { ["any"] = new(Tools: ToolCalling.Native) });
        wire.Server.Otherwise = _ => RefusedAnswer.OpenAi(400, "bad", "any does not support tools");

        var turn = await wire.RunAsync(new FuncTool("read", "hello"));

        Assert.Equal(FailureKind.BadRequest, turn.Failure?.Kind);
        Assert.Single(wire.Server.Requests);
    }

    [Theory]
    [InlineData("<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a", "not a JSON object")]
    [InlineData("<tool_call>{\"arguments\": {\"path\": \"a\"}}</tool_call>", "no call that can be read")]
    [InlineData("<tool_call>{\"name\": \"fly\", \"arguments\": {}}</tool_call>", "There is no tool 'fly'")]
    public async Task A_call_that_cannot_be_read_is_told_what_is_wrong_and_five_in_a_row_end_the_turn(string written, string told)
    {
        await using var wire = await Wire.StartAsync("openai", models: s_prompted);
        wire.Server.Otherwise = _ => new StreamedAnswer(new Said(written));

        var turn = await wire.RunAsync(new FuncTool("read", "hello"));

        Assert.Equal(5, wire.Server.Requests.Count);
        Assert.Contains(told, turn.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains(told, wire.Server.Requests[1].Body.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("ollama")]
    public async Task A_call_in_the_text_of_a_model_that_has_calls_is_carried_out_once(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(
            new StreamedAnswer(new Said(Call)),
            new StreamedAnswer(new Said(Call), new Called("a", "read", "{\"path\":\"a.txt\"}")),
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("read", "hello"));

        Assert.Equal([1, 1, 0], turn.Messages.Skip(1).Select(m => m.Parts.Count(p => p.Content is ToolCallPart)));
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task What_the_makers_own_models_write_stays_their_text(string provider)
    {
        await using var wire = await Wire.StartAsync(provider == "openai" ? "responses" : provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said(Call)));

        Assert.Equal(Call, (await wire.RunAsync(new FuncTool("read", "hello"))).Last.Text);
    }

    [Fact]
    public async Task Thoughts_in_the_text_become_reasoning_also_where_only_their_end_is_marked()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Said("<thi", "nk>\nHm.\n</th", "ink>\n\nHello.")), new StreamedAnswer(new Said("Hm, hm.\n</thi", "nk>\nHello.")));

        var marked = await wire.RunAsync();
        var orphan = await wire.RunAsync();

        Assert.Equal([new ReasoningPart("\nHm.\n", null), new TextPart("Hello.")], marked.LastParts);
        Assert.Equal([new ReasoningPart("Hm, hm.", null), new TextPart("Hello.")], orphan.LastParts);
    }
}
