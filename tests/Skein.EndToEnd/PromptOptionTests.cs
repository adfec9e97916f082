using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What a prompt brings beside its text.</summary>
public sealed class PromptOptionTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        Model.Otherwise = _ => new StreamedAnswer(new Said("I see."));
        PassForOpenAi();
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task Files_that_a_prompt_names_are_shown_to_the_model_and_what_is_missing_is_told()
    {
        User.Write("src/a.txt", "one\ntwo\nthree\n");
        await File.WriteAllBytesAsync(
            Path.Combine(User.Project, "goose.png"), [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 1, 2, 3, 4], Cancellation);

        var run = await User.GoodAsync("run", "--model", "openai/any", "What is in @src/a.txt:2-3 and on @goose.png, and in @src/gone.txt?");

        Assert.Equal(["skein: @src/gone.txt? was not attached: there is no such file."], run.ErrorLines.Where(l => l.StartsWith("skein:", StringComparison.Ordinal)));
        var content = Model.Requests[0].Body.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal("What is in @src/a.txt:2-3 and on @goose.png, and in @src/gone.txt?", content[0].GetProperty("text").GetString());
        Assert.Equal("<file name=\"src/a.txt:2-3\">\ntwo\nthree\n\n</file>", content[1].GetProperty("text").GetString());
        Assert.StartsWith("data:image/png;base64,iVBORw0KGg", content[2].GetProperty("image_url").GetProperty("url").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_effort_of_a_prompt_is_sent_and_that_of_the_settings_else()
    {
        await User.GoodAsync("config", "set", "effort", "low");

        await User.GoodAsync("run", "--model", "openai/any", "--effort", "max", "Think.");
        await User.GoodAsync("run", "--continue", "Go on.");

        Assert.Equal(["xhigh", "low"], Model.Requests.Select(r => r.Body.GetProperty("reasoning_effort").GetString()));
    }
}
