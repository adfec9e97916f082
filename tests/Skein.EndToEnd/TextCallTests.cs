using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A model whose server takes no tools works all the same: it is taught to write its calls, and told what is wrong with them.</summary>
public sealed class TextCallTests : ModelBench
{
    private const string NoName = """<tool_call>{"arguments": {"path": "made.txt"}}</tool_call>""";
    private const string Write = """<tool_call>{"name": "write", "arguments": {"path": "made.txt", "content": "as told\n"}}</tool_call>""";

    protected override Task SetUpAsync()
    {
        PassForOpenAi();
        Model.Enqueue(RefusedAnswer.OpenAi(400, "invalid_request_error", "any does not support tools"));
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task It_is_taught_at_once_a_malformed_call_is_answered_and_the_next_is_carried_out()
    {
        Model.Enqueue(
            new StreamedAnswer(new Said("I'll write it.\n\n", NoName[..7], NoName[7..])),
            new StreamedAnswer(new Said("<think>It wants a name.</think>\n", Write[..20], Write[20..])),
            new StreamedAnswer(new Said("There it is.")));

        var run = await User.GoodAsync("run", "--mode", "edits", "--model", "openai/any", "Make it.");

        Assert.Equal("as told\n", await File.ReadAllTextAsync(Path.Combine(User.Project, "made.txt"), Cancellation));
        Assert.EndsWith("There it is.\n", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("tool_call", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("wants a name", run.Out, StringComparison.Ordinal);
        Assert.Equal([true, false, false, false], Model.Requests.Select(r => r.Body.TryGetProperty("tools", out _)));
        Assert.Contains("How to call tools", Model.Requests[1].Body.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("no call that can be read", Model.Requests[2].Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Five_malformed_calls_in_a_row_end_the_turn_and_the_session_goes_on()
    {
        Model.Otherwise = _ => new StreamedAnswer(new Said(NoName));

        var failed = await User.RunAsync("run", "--mode", "edits", "--model", "openai/any", "Make it.");
        var asked = Model.Requests.Count;
        Model.Otherwise = _ => new StreamedAnswer(new Said("Here I am again."));
        var next = await User.GoodAsync("run", "--continue", "And now?");

        Assert.Equal((1, 6), (failed.Code, asked));
        Assert.Contains("5 answers in a row with no call that could be carried out", failed.Error, StringComparison.Ordinal);
        Assert.Equal("Here I am again.\n", next.Out);
        Assert.Empty(Directory.GetFiles(User.Project));
    }
}
