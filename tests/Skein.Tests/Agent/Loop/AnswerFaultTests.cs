using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Loop;

/// <summary>Answers with which something is wrong, and the way on.</summary>
public sealed class AnswerFaultTests
{
    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Two_calls_with_one_id_are_both_carried_out_and_each_has_its_result(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Called("a", "read", "{}"), new Called("a", "list", "{}")), new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("read", "read"), new FuncTool("list", "listed"));

        Assert.Equal(["a", "a_2"], Results(turn.Messages[1]).Select(r => r.CallId));
        Assert.Equal(["read", "listed"], Results(turn.Messages[1]).Select(r => r.Output));
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Theory]
    [InlineData("read", "{\"path\":", "are not a JSON object")]
    [InlineData("fly", "{}", "There is no tool 'fly'.")]
    public async Task Calls_that_cannot_be_carried_out_are_told_and_five_answers_of_them_in_a_row_end_the_turn(string tool, string arguments, string told)
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Otherwise = _ => new StreamedAnswer(new Called("a", tool, arguments));

        var turn = await wire.RunAsync(new FuncTool("read", "text"));

        Assert.Equal(5, wire.Server.Requests.Count);
        Assert.Equal((FailureKind.Internal, "openai"), (turn.Failure!.Kind, turn.Failure.Provider));
        Assert.Contains(told, turn.Failure.Message, StringComparison.Ordinal);
        Assert.All(turn.Messages, m => Assert.Empty(m.UnansweredCalls));
    }

    [Fact]
    public async Task A_call_that_can_be_carried_out_begins_the_count_anew()
    {
        await using var wire = await Wire.StartAsync("openai");
        var bad = new StreamedAnswer(new Called("a", "fly", "{}"));
        wire.Server.Enqueue(bad, bad, bad, bad, new StreamedAnswer(new Called("a", "read", "{}")), bad, bad, bad, bad, new StreamedAnswer(new Said("Done.")));

        Assert.Equal("Done.", (await wire.RunAsync(new FuncTool("read", "text"))).Last.Text);
    }

    [Theory]
    [InlineData("openai", "length", "")]
    [InlineData("openai", "length", "{\"path\":\"a")]
    [InlineData("anthropic", "max_tokens", "")]
    [InlineData("anthropic", "max_tokens", "{}")]
    public async Task A_call_that_the_limit_of_the_answer_cut_off_is_not_carried_out_and_the_model_is_told(string provider, string word, string arguments)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(
            new StreamedAnswer(new Called("a", "read", "{}"), new Called("b", "write", arguments)) { Finish = word },
            new StreamedAnswer(new Said("Smaller, then.")));
        var wrote = 0;
        var write = new FuncTool("write", (_, _) => Task.FromResult(new Skein.Agent.Tools.ToolOutput($"wrote {++wrote}")));

        var turn = await wire.RunAsync(new FuncTool("read", "text"), write);

        Assert.Equal(0, wrote);
        Assert.Equal([false, true], Results(turn.Messages[1]).Select(r => r.IsError));
        Assert.Contains("cut off at its limit of length", Results(turn.Messages[1]).Last().Output, StringComparison.Ordinal);
        Assert.Equal("Smaller, then.", turn.Last.Text);
    }

    [Theory]
    [InlineData("openai", "length")]
    [InlineData("anthropic", "max_tokens")]
    public async Task An_answer_that_was_used_up_by_thinking_ends_the_turn_and_says_what_to_do(string provider, string word)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Thought("Hm.", "proof")) { Finish = word });

        var turn = await wire.RunAsync();

        Assert.Equal(FailureKind.Limit, turn.Failure?.Kind);
        Assert.Contains("without saying anything", turn.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal((MessageStatus.Completed, StopReason.Length), (turn.Last.Status, turn.Last.Stop));
    }

    private static IEnumerable<ToolResultPart> Results(Message message) => message.Parts.Select(p => p.Content).OfType<ToolResultPart>();
}
